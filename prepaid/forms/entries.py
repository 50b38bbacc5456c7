"""The forms of entries by hand. They convert what is typed; the rules are the service's (`prepaid.services.manual`)."""

from typing import Any

from django import forms

from ledger.forms.reports import DayField
from ledger.models import Currency, LedgerAccount, ProductPostingGroup
from pages.forms import PageForm
from prepaid.models import EntryRequest, PrepaidService
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.manual import EntryTerms

DIGITS = 24


def help_of(name: str) -> str:
    return str(EntryRequest._meta.get_field(name).help_text)  # type: ignore[union-attr]


class EntryForm(PageForm):
    """What the service does not count in, and what money would need where none is posted, is not asked for."""

    entry_type = forms.ChoiceField(choices=EntryRequest.Type.choices, label="Entry type")
    posted_on = DayField(label="Posting date", help_text="Today or earlier.")
    amount = forms.DecimalField(max_digits=DIGITS, decimal_places=3)
    quantity = forms.DecimalField(max_digits=DIGITS, decimal_places=QUANTITY_DECIMALS)
    currency = forms.ModelChoiceField(Currency.objects, required=False, help_text="The first entry fixes it.")
    valid_until = DayField(required=False, label="Valid until")
    quantity_only = forms.BooleanField(required=False, label="Quantity only", help_text=help_of("quantity_only"))
    product_group = forms.ModelChoiceField(
        ProductPostingGroup.objects, required=False, label="Product posting group", help_text=help_of("product_group")
    )
    balancing_account = forms.ModelChoiceField(
        LedgerAccount.objects.filter(direct_posting=True, blocked=False),
        required=False,
        label="Balancing account",
        help_text=help_of("balancing_account"),
    )
    document_no = forms.CharField(max_length=30, required=False, label="Document no.")
    reason = forms.CharField(max_length=500, help_text="Kept with the entry.")

    def __init__(self, *args: Any, service: PrepaidService, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_until"].help_text = _validity(service)
        if service.currency is not None:
            self.fields["amount"].help_text = f"In {service.currency}."
        if service.unit_of_measure:
            self.fields["quantity"].help_text = f"In {service.unit_of_measure}."
        self.layout = _layout(service)
        asked = {name for row in self.layout for name in (row if isinstance(row, tuple) else (row,))}
        for name in set(self.fields) - asked:
            del self.fields[name]

    def terms(self) -> EntryTerms:
        return EntryTerms(**self.cleaned_data)


class DeclineForm(PageForm):
    note = forms.CharField(label="Why", max_length=500, help_text="Kept with the request.")


def _layout(service: PrepaidService) -> tuple:
    fields = ["entry_type", "posted_on", "amount" if service.is_amount else "quantity"]
    if service.is_amount and service.currency is None:
        fields.append("currency")
    fields.append("valid_until")
    if not service.is_periodic:
        fields += ["product_group", "balancing_account", "quantity_only"]
    fields.append("document_no")
    return (*(tuple(fields[at : at + 2]) for at in range(0, len(fields), 2)), "reason")


def _validity(service: PrepaidService) -> str:
    formula = service.valid_until_formula
    default = f"{formula} from the posting date" if formula else "without end"
    return f"The last day of use of what is added. Empty: {default}."
