"""A form with lines: a head, and below it the rows of a formset, which can be added to and removed.

    class OrderForm(WithLines, PageForm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            # a formset of PageForms with the prefix "lines" and can_delete=True
            self.lines = LineForms(self.data if self.is_bound else None, initial=[...])

The template extends `pages/form.html` and puts below the head

    <div id="lines" hx-post="{% url 'orders:lines' %}" hx-trigger="load, change" hx-include="closest form" hx-swap="none">
      {% include "pages/lines.html" with line_template="orders/line.html" %}
    </div>

The address in `lines_url` takes what is typed and answers out of band with what it comes to, in `<output id="lines-total">`;
asked to `add`, also with `{% include "pages/added_line.html" with line_template="orders/line.html" %}`, where `added` is
`next_row(LineForms, count)`.
"""

from collections.abc import Iterator
from typing import Any

from django import forms


class WithLines:
    """Goes before PageForm or PageModelForm: what the form says and refuses is said of its lines as well."""

    lines: Any
    is_bound: bool

    def shown_fields(self) -> Iterator[tuple[str, forms.BoundField]]:
        yield from ((str(field.label), field) for field in self)  # type: ignore[attr-defined]
        for place, line in enumerate(self.lines.forms, start=1):
            yield from ((f"Line {place}, {field.label.lower()}", field) for field in line.visible_fields())

    def is_valid(self) -> bool:
        return super().is_valid() and self.lines.is_valid()  # type: ignore[misc]

    def non_form_errors(self) -> list[str]:
        """Of the lines together, for the summary at the top, which has each field's own below."""
        if not self.is_bound or self.lines.is_valid():
            return []
        return [*self.lines.non_form_errors(), "A line below has to be corrected."]

    def problems(self) -> list[tuple[str, str, str]]:
        lines = self.lines.forms if self.is_bound else []
        return super().problems() + [  # type: ignore[misc]
            (field_id, f"Line {place}, {label.lower()}", error)
            for place, form in enumerate(lines, start=1)
            for field_id, label, error in form.problems()
        ]


def next_row(line_forms: Any, count: int) -> Any:
    """The empty row that follows `count` others."""
    return line_forms(initial=[{}] * count).forms[count]
