"""The forms of purchases. They convert what is typed; the rules are the service's (`credits.services.terms`)."""

from typing import Any

from django import forms

from credits.forms.fields import DayField, PlainDecimalField, WholeNumberField
from credits.models import Purchase
from credits.services.terms import Terms
from ledger.forms.dimension_fields import NOTHING, WithDimensions
from ledger.models import Currency, ProductPostingGroup
from opportunities.forms.fields import AccountField
from pages.forms import Money, PageForm

FIXED = "Fixed once out of draft: set the purchase back to draft to change it, while none of its credits is used."
ACCOUNT_FIXED = "Confirmed for this account before: credits cannot move between accounts."
EXPIRED = "Locked: credits of this purchase have expired."

PLAIN_LAYOUT = (
    ("account", "purchased_on"),
    ("number_of_credits", "product_group"),
    ("currency", "value_per_credit"),
    ("amount_paid_per_credit", "starts_on"),
    ("expires_on", "description"),
)
PAID = "amount_paid_per_credit"


class PurchaseForm(WithDimensions, PageForm):
    account = AccountField(help_text="The customer: number or name.")
    purchased_on = DayField(label="Purchased on", help_text="Decides the posting date and the exchange rate.")
    number_of_credits = WholeNumberField(label="Number of services credits")
    product_group = forms.ModelChoiceField(
        ProductPostingGroup.objects, label="Product posting group", help_text="Chooses the accounts of the books."
    )
    value_per_credit = PlainDecimalField(label="Value per credit", help_text="Prices milestones; never posted.")
    currency = forms.ModelChoiceField(Currency.objects, empty_label=None)
    amount_paid_per_credit = PlainDecimalField(
        label="Amount paid per credit", help_text="Less than the value is a discount, 0 is free."
    )
    starts_on = DayField(label="Start date", required=False, help_text="First usable day.")
    expires_on = DayField(label="Expiry date", required=False, help_text="Last usable day.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    draft = forms.BooleanField(
        required=False, help_text="A draft can be edited; nothing is posted and none of its credits can be allocated."
    )

    unchosen = "As the account"
    layout: tuple = (
        ("account", "purchased_on"),
        ("number_of_credits", "product_group"),
        (Money("value_per_credit", "currency"), "amount_paid_per_credit"),
        ("starts_on", "expires_on"),
        "description",
        "draft",
    )

    def __init__(
        self, *args: Any, locked: dict[str, str] | None = None, sync_paid_with_value: bool = False, **kwargs: Any
    ) -> None:
        if "currency" in (locked or {}):
            self.layout = PLAIN_LAYOUT
        super().__init__(*args, locked=locked, **kwargs)
        if "currency" in self.locked:
            del self.fields["draft"]
        elif sync_paid_with_value:
            self.leave_out_paid()

    def leave_out_paid(self) -> None:
        """Where the setup has it follow the value."""
        del self.fields[PAID]
        self.fields["value_per_credit"].help_text = "What is paid per credit, too: the settings keep both the same."
        alone = (tuple(cell for cell in row if cell != PAID) if isinstance(row, tuple) else row for row in self.layout)
        self.layout = tuple(alone)

    def terms(self) -> Terms:
        return Terms(**{name: value for name, value in self.entered().items() if name != "draft"})


class DatesForm(PageForm):
    starts_on = DayField(label="Start date", help_text="First usable day.")
    expires_on = DayField(label="Expiry date", help_text="Last usable day.")
    reason = forms.CharField(max_length=500, help_text="Kept with the old and the new dates.")

    layout = (("starts_on", "expires_on"), "reason")


class ReturnForm(PageForm):
    reason = forms.CharField(max_length=500, required=False, help_text="Kept with the reversal in the journal.")


def initial_of(purchase: Purchase) -> dict[str, Any]:
    """The fields of the form as the purchase has them, prices with the decimals of its currency."""
    values = {name: getattr(purchase, name) for name in PurchaseForm.base_fields}
    unit = f".{purchase.currency.decimals}f"
    prices = ("value_per_credit", "amount_paid_per_credit")
    exact = {name: format(values[name], unit) for name in prices}
    none = dict.fromkeys(purchase.account.dimensions, NOTHING)
    return values | exact | {"dimensions": none | purchase.dimensions}


def locked_of(purchase: Purchase) -> dict[str, str]:
    """Every field of a confirmed purchase; the account of a draft that was confirmed before."""
    if not purchase.draft:
        fixed = [*PurchaseForm.base_fields, "dimensions"]
        return dict.fromkeys(fixed, FIXED) | {"account": ACCOUNT_FIXED}
    return {"account": ACCOUNT_FIXED} if purchase.confirmations else {}
