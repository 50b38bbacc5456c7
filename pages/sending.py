"""What a form sends: where a refusal of it stands, and what it would send if nobody touched it."""

from collections.abc import Iterable
from typing import Any

from django import forms


def refuse(form: Any, message: str, field: str | None) -> None:
    """Put a refusal at its field, or at the top of the form or formset."""
    if not hasattr(form, "forms"):
        form.add_error(field if field in form.fields else None, message)
        return
    for each in form.forms:
        for name in each.fields:
            if field == each.add_prefix(name):
                each.add_error(name, message)
                return
    form.non_form_errors().append(message)


def as_data(form: Any) -> dict[str, Any]:
    """What a browser would send if the form came back untouched."""
    if hasattr(form, "forms"):
        sent = as_data(form.management_form)
        for each in form.forms:
            sent |= as_data(each)
        return sent
    return {name: value for field in form for name, value in sent_by(field.field.widget, field)}


def sent_by(widget: forms.Widget, field: forms.BoundField) -> Iterable[tuple[str, Any]]:
    value = field.value()
    if isinstance(widget, forms.MultiWidget):
        names = (field.html_name + suffix for suffix in widget.widgets_names)  # type: ignore[attr-defined]
        parts = value if isinstance(value, (list, tuple)) else widget.decompress(value) or []
        return zip(names, parts, strict=False)
    if isinstance(widget, forms.CheckboxInput):
        return [(field.html_name, "on")] if value else []
    if isinstance(widget, forms.Select) or value is None:
        return [] if value is None else [(field.html_name, value)]
    return [(field.html_name, widget.format_value(value))]
