"""What the reports of customer contracts are asked for."""

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from ledger.forms.reports import FIRST, LAST, MOST_MONTHS, DayField
from ledger.models import Currency
from ledger.reports.groups import months
from opportunities.models import Account
from pages import formats
from pages.forms import PageForm
from prepaid.models import CustomerContract, ServiceCommitment


class AnalysisForm(PageForm):
    """Months, and what narrows them."""

    first = DayField(label="From the month of")
    last = DayField(label="To, by posting date")
    contract = forms.CharField(label="Contract no.", required=False, max_length=20)
    account = forms.CharField(label="Account no.", required=False, max_length=20)
    currency = forms.ModelChoiceField(Currency.objects.all(), label="Currency", required=False, empty_label="Any")

    def clean_contract(self) -> CustomerContract | None:
        return _numbered(CustomerContract.objects.all(), self.cleaned_data["contract"], "contract")

    def clean_account(self) -> Account | None:
        return _numbered(Account.objects.all(), self.cleaned_data["account"], "account")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", f"{formats.day(last)} is before {formats.day(first)}.")
        elif first and last and len(list(months(first, last))) > MOST_MONTHS:
            self.add_error("last", f"At most {MOST_MONTHS} months fit on the page.")
        return cleaned


class YearForm(PageForm):
    """A year of a contract, of all its commitments or of one."""

    year = forms.IntegerField(
        label="Year",
        validators=[
            MinValueValidator(FIRST.year, f"Years begin with {FIRST.year}."),
            MaxValueValidator(LAST.year, f"Years end with {LAST.year}."),
        ],
    )
    commitment = forms.ModelChoiceField(
        ServiceCommitment.objects.none(), label="Commitment", required=False, empty_label="All of the contract"
    )

    def __init__(self, *args: Any, contract: CustomerContract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        commitments: Any = self.fields["commitment"]
        commitments.queryset = contract.commitments.select_related("object")

    def clean_year(self) -> datetime.date:
        return datetime.date(self.cleaned_data["year"], 1, 1)


def _numbered(found: Any, number: str, name: str) -> Any:
    """The one with the number, typed in capitals or not; none where none is asked for."""
    if not number:
        return None
    one = found.filter(number__iexact=number.strip()).first()
    if one is None:
        raise forms.ValidationError(f"There is no {name} {number}.")
    return one
