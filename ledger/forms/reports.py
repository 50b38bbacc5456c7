"""The days for which a report of the books is asked."""

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from ledger.reports.deferrals import BUCKETS
from ledger.reports.groups import months
from pages import formats
from pages.forms import PageForm

MOST_MONTHS = 60
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)
BY = [("account", "Deferral account"), ("product_group", "Product group"), ("customer", "Customer")]
CAUSES = [("recognise", "To be recognised"), ("lapse", "To lapse"), ("unexplained", "Not explained by a lot")]


class DayField(forms.DateField):
    """A day that the books can reckon with."""

    default_validators = [
        MinValueValidator(FIRST, f"Days begin with {formats.day(FIRST)}."),
        MaxValueValidator(LAST, f"Days end with {formats.day(LAST)}."),
    ]


class AsOfForm(PageForm):
    on = DayField(label="As of, by posting date")
    known_on = DayField(label="As known on", required=False)


class RollForwardForm(PageForm):
    first = DayField(label="From the month of")
    last = DayField(label="To, by posting date")
    by = forms.ChoiceField(label="By", choices=BY)
    known_on = DayField(label="As known on", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", f"{formats.day(last)} is before {formats.day(first)}.")
        elif first and last and len(list(months(first, last))) > MOST_MONTHS:
            self.add_error("last", f"At most {MOST_MONTHS} months fit on the page.")
        return cleaned


class ForecastForm(PageForm):
    on = DayField(label="As of, by posting date")
    months = forms.IntegerField(
        label="Months ahead",
        validators=[
            MinValueValidator(1, "At least one month."),
            MaxValueValidator(MOST_MONTHS, f"At most {MOST_MONTHS} months fit on the page."),
        ],
    )
    by = forms.ChoiceField(label="By", choices=BY)
    known_on = DayField(label="As known on", required=False)


class PartsForm(ForecastForm):
    """A figure of a forecast, or a wider question: what is left out narrows nothing."""

    view = forms.ChoiceField(choices=[(view, view) for view in BUCKETS], widget=forms.HiddenInput)
    bucket = forms.CharField(required=False, widget=forms.HiddenInput)
    key = forms.CharField(required=False, widget=forms.HiddenInput)
    currency = forms.CharField(required=False, widget=forms.HiddenInput)
    cause = forms.ChoiceField(choices=CAUSES, required=False, widget=forms.HiddenInput)


class KnowledgeForm(PageForm):
    on = DayField(label="As of, by posting date")
    known_first = DayField(label="As known on")
    known_later = DayField(label="And as known on")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, later = cleaned.get("known_first"), cleaned.get("known_later")
        if first and later and first >= later:
            self.add_error("known_later", f"{formats.day(later)} is not after {formats.day(first)}.")
        return cleaned
