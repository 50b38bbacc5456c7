"""Up to which day contracts are billed and their deferrals released, and of whom."""

from typing import Any

from django import forms
from django.core import validators

from ledger.forms.reports import DayField
from opportunities.forms.fields import AccountField
from pages.forms import PageForm
from prepaid.models import CustomerContract, ServiceCommitment

LONGEST = 20
BY_CONTRACT, BY_ACCOUNT = "contract", "account"


class ContractField(forms.CharField):
    """A customer contract by its number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, required=False, label="Contract", **kwargs)

    def to_python(self, value: Any) -> Any:
        number = super().to_python(value)
        if not number or isinstance(number, CustomerContract):
            return number or None
        validators.ProhibitNullCharactersValidator()(number)  # before it is looked up
        found = CustomerContract.objects.select_related("account").filter(number=number.upper()).first()
        if found is None:
            raise forms.ValidationError(f"There is no contract “{number}”. Type its number.")
        return found

    def run_validators(self, value: Any) -> None:
        """What was found needs none."""


class BillForm(PageForm):
    until = DayField(label="Billed up to", help_text="Periods that begin by this day are billed, whole.")
    posted_on = DayField(label="Posting date", help_text="Of the invoices. They can be posted from that day on.")
    account = AccountField(label="Sell-to account", required=False, help_text="Empty: all of them.")
    contract = ContractField(help_text="Its number. Empty: all of them.")
    per = forms.ChoiceField(
        label="One invoice for each",
        choices=[(BY_CONTRACT, "Contract"), (BY_ACCOUNT, "Account, payer and currency")],
        initial=BY_CONTRACT,
    )
    post = forms.BooleanField(
        label="Post the invoices at once", required=False, help_text="Otherwise they wait to be looked at and posted."
    )

    layout: tuple = (("until", "posted_on"), ("account", "contract"), "per", "post")

    def __init__(self, *args: Any, may_post: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_post:
            del self.fields["post"]
            self.layout = self.layout[:-1]

    def commitments(self) -> Any:
        found = ServiceCommitment.objects.all()
        if account := self.cleaned_data["account"]:
            found = found.filter(object__account=account)
        if contract := self.cleaned_data["contract"]:
            found = found.filter(contract=contract)
        return found

    def terms(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            "until": cleaned["until"],
            "posted_on": cleaned["posted_on"],
            "by_account": cleaned["per"] == BY_ACCOUNT,
            "post": cleaned.get("post", False),
        }


class ReleaseForm(PageForm):
    until = DayField(label="Due by", help_text="This day or earlier: what is earned by then becomes revenue.")
    contract = ContractField(help_text="Its number. Empty: all of them.")


class UndoReleaseForm(PageForm):
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="Kept with the run.")
