"""Forms: labels above, help below, two columns from 992 px, what is locked as text with a lock and the reason.

    class PurchaseForm(PageModelForm):
        layout = (
            ("account", Money("amount_paid", "currency")),      # one row, two columns
            ("start_date", "expiry_date"),
            "description",                                      # a row of its own
        )
        class Meta:
            model = Purchase
            fields = (...)

    PurchaseForm(..., locked={"number": "Fixed once out of draft."})

Without `layout` the fields stand two in a row, long texts alone. A locked field cannot be changed, whatever is sent.
"""

from collections.abc import Iterable
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Field, Layout, LayoutObject, Row
from crispy_forms.utils import render_field
from django import forms
from django.utils.safestring import SafeString

DASHES = "---------"  # what Django offers where nothing is chosen


class Money(LayoutObject):
    """An amount and its currency in one group, under the amount's label."""

    def __init__(self, amount: str, currency: str) -> None:
        self.fields = [amount, currency]
        self.amount, self.currency = amount, currency

    def render(self, form: Any, context: Any, **kwargs: Any) -> SafeString:
        extra = {"currency_field": form[self.currency]}
        rendered = render_field(self.amount, form, context, template="pages/money_field.html", extra_context=extra)
        form.rendered_fields.add(self.currency)
        return rendered


class Paged(forms.BaseForm):
    """What `PageForm` and `PageModelForm` have in common."""

    layout: tuple = ()

    def __init__(self, *args: Any, locked: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.locked = {name: reason for name, reason in (locked or {}).items() if name in self.fields}
        for name, field in self.fields.items():
            field.disabled = field.disabled or name in self.locked
            native(field)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.form_show_errors = True
        helper.layout = Layout(*(self.row(row) for row in self.layout or self.default_layout()))
        return helper

    def default_layout(self) -> Iterable[Any]:
        wide = [name for name, field in self.fields.items() if isinstance(field.widget, forms.Textarea)]
        short = [name for name in self.fields if name not in wide]
        if len(short) == 1:
            return [*short, *wide]
        return [*(tuple(short[at : at + 2]) for at in range(0, len(short), 2)), *wide]

    def row(self, row: Any) -> LayoutObject:
        cells = row if isinstance(row, tuple) else (row,)
        width = "col-lg-6" if isinstance(row, tuple) else "col-12"
        return Row(*(Column(self.cell(cell), css_class=width) for cell in cells))

    def cell(self, cell: Any) -> Any:
        if cell in self.locked if isinstance(cell, str) else False:
            return Field(cell, template="pages/locked_field.html")
        return cell

    def problems(self) -> list[tuple[str, str, str]]:
        """For the summary at the top: the field's id, its label and the sentence."""
        if not self.is_bound:
            return []
        own = [(self[name], error) for name, errors in self.errors.items() if name in self.fields for error in errors]
        return [(field.id_for_label, str(field.label), str(error)) for field, error in own]


class PageForm(Paged, forms.Form):
    pass


class PageModelForm(Paged, forms.ModelForm):
    pass


def native(field: forms.Field) -> None:
    """Dates are typed or picked in the browser's own way; amounts bring up the number keys; no choice is a word."""
    if isinstance(field, forms.DateField) and not field.widget.is_hidden:
        field.widget = forms.DateInput(attrs=field.widget.attrs | {"type": "date"}, format="%Y-%m-%d")
    elif isinstance(field, (forms.DecimalField, forms.IntegerField)) and isinstance(field.widget, forms.NumberInput):
        mode = "decimal" if isinstance(field, forms.DecimalField) else "numeric"
        field.widget = forms.TextInput(attrs={"inputmode": mode, "autocomplete": "off", "class": "num"})
    elif isinstance(field, forms.ModelChoiceField) and field.empty_label == DASHES:
        field.empty_label = "Choose" if field.required else "None"
