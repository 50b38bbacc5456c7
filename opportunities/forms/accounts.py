from typing import Any

from django import forms

from ledger.forms.dimension_fields import WithDimensions
from opportunities.exceptions import BadBillTo
from opportunities.forms.fields import AccountField
from opportunities.models import Account
from opportunities.services.accounts import MAX_PAYMENT_DAYS, Billing, check_bill_to
from pages.forms import PageModelForm


class AccountForm(WithDimensions, PageModelForm):
    bill_to = AccountField(
        label="Bill to", required=False, help_text="Who pays, when it is not the account itself: its number or name."
    )

    payment_days = forms.IntegerField(
        min_value=0,
        max_value=MAX_PAYMENT_DAYS,
        label="Payment days",
        help_text="Days from the date of an invoice until it is due.",
    )

    layout = (
        ("name", "bill_to"),
        ("currency", "business_group"),
        ("vat_business_group", "payment_days"),
        ("email", "address"),
    )

    class Meta:
        model = Account
        fields = ("name", "currency", "business_group", "bill_to", *Billing.__dataclass_fields__)
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def entered(self) -> dict[str, Any]:
        """What was typed, with the terms of billing as one value."""
        entered = super().entered()
        return entered | {"billing": Billing(**{name: entered.pop(name) for name in Billing.__dataclass_fields__})}

    def clean_bill_to(self) -> Account | None:
        payer = self.cleaned_data["bill_to"]
        try:
            check_bill_to(self.instance if self.instance.pk else None, payer)
        except BadBillTo as refused:
            self.add_error("bill_to", refused.message)
        return payer
