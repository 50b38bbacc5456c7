"""A manual entry as it is typed: its head with the lines below it, and what its steps ask for."""

from collections.abc import Sequence
from typing import Any

from django import forms

from ledger.forms.manual_lines import ManualLineForms, line_values
from ledger.models import Currency, ManualEntryLine
from ledger.services.manual_lines import ManualTerms
from pages.forms import PageForm
from pages.lines import WithLines


class ManualForm(WithLines, PageForm):
    effective_on = forms.DateField(
        label="Effective on", help_text="Posted on this day, or the first open day after it, at the rate of this day."
    )
    currency = forms.ModelChoiceField(Currency.objects, empty_label=None, help_text="The currency of every line.")
    description = forms.CharField(max_length=200, help_text="What is read in the journal.")
    reason = forms.CharField(
        max_length=500,
        required=False,
        label="Reason",
        help_text="Why it is posted by hand. Needed when it is submitted.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    layout = (("effective_on", "currency"), "description", "reason")

    def __init__(self, *args: Any, stored: Sequence[ManualEntryLine] = (), decimals: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        initial = [line_values(line, decimals) for line in stored]
        self.lines = ManualLineForms(self.data if self.is_bound else None, initial=initial, stored=stored)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.lines.currency = self.cleaned_data.get("currency")
        return self.cleaned_data

    def terms(self) -> ManualTerms:
        return ManualTerms(**{name: self.cleaned_data[name] for name in ManualTerms.__dataclass_fields__})


def reason_field(label: str, help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(max_length=500, label=label, help_text=help_text, widget=widget)


class SubmitForm(PageForm):
    reason = reason_field("Reason", "Why it is posted by hand. Kept with the entry.")


class SendBackForm(PageForm):
    reason = reason_field("What has to be changed", "Whoever drafted it reads this.")


class ReverseForm(PageForm):
    on = forms.DateField(label="Effective on", help_text="Posted on this day, or the first open day after it.")
    reason = reason_field("Reason", "Kept with the reversal.")

    layout = ("on", "reason")
