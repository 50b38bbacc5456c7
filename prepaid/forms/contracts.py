"""What is typed of service objects, service commitments and customer contracts. The rules are the services'
(`prepaid.services.contracts`)."""

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from ledger.dates import business_date
from ledger.models import Currency
from ledger.money import round_to
from opportunities.forms.fields import AccountField
from opportunities.models import Product
from pages import formats
from pages.forms import PageForm
from prepaid.forms.terms import TermsForm, terms_as_typed
from prepaid.models import (
    CommitmentPrice,
    CustomerContract,
    PrepaidService,
    ServiceCommitment,
    ServiceObject,
)
from prepaid.services.contracts.commitments import CommitmentCard
from prepaid.services.contracts.contracts import ContractTerms
from prepaid.services.contracts.objects import ObjectTerms
from prepaid.services.contracts.packages import SOLD_WITH
from prepaid.services.contracts.prices import Price

BILLED = "Fixed: something of it is billed."
COMMITTED = "Fixed: it has commitments."
CANCELLED = "Set by the cancellation."
DIGITS = {"max_digits": 15, "decimal_places": 4}


def help_of(model: Any, name: str) -> str:
    return str(model._meta.get_field(name).help_text)


class ObjectForm(PageForm):
    account = AccountField(help_text="The customer: number or name.")
    product = forms.ModelChoiceField(Product.objects.none(), help_text="What the customer has.")
    description = forms.CharField(max_length=250, required=False, help_text="Empty: the name of the product.")
    reference = forms.CharField(max_length=60, required=False, help_text=help_of(ServiceObject, "reference"))
    quantity = forms.DecimalField(**DIGITS)  # type: ignore[arg-type]
    unit_of_measure = forms.CharField(
        max_length=10, required=False, label="Unit of measure", help_text="Empty: that of the product."
    )
    provided_on = forms.DateField(label="Provided on", help_text=help_of(ServiceObject, "provided_on"))

    layout = (
        ("account", "product"),
        ("description", "reference"),
        ("quantity", "unit_of_measure"),
        "provided_on",
    )

    def __init__(self, *args: Any, service_object: ServiceObject | None = None, **kwargs: Any) -> None:
        fixed = service_object is not None and service_object.commitments.exists()
        super().__init__(*args, locked=dict.fromkeys(("account", "product"), COMMITTED) if fixed else {}, **kwargs)
        field: Any = self.fields["product"]
        chosen = service_object.product_id if service_object else None
        field.queryset = Product.objects.filter(Q(commitment_option__in=SOLD_WITH) | Q(pk=chosen))

    def terms(self) -> ObjectTerms:
        return ObjectTerms(**self.cleaned_data)


def object_as_typed(service_object: ServiceObject) -> dict[str, Any]:
    shown = {name: getattr(service_object, name) for name in ObjectForm.base_fields}
    return shown | {"quantity": formats.exact(service_object.quantity), "product": service_object.product_id}


class PriceFields(PageForm):
    price = forms.DecimalField(max_digits=18, decimal_places=3, help_text=help_of(CommitmentPrice, "price"))
    quantity = forms.DecimalField(**DIGITS)  # type: ignore[arg-type]
    discount_percent = forms.DecimalField(label="Discount %", max_digits=6, decimal_places=3, required=False)
    quantity_per_period = forms.DecimalField(
        label="Quantity per base period",
        help_text=help_of(CommitmentPrice, "quantity_per_period"),
        **DIGITS,  # type: ignore[arg-type]
    )

    def costs(self) -> Price:
        cleaned = self.cleaned_data
        return Price(
            price=cleaned["price"],
            quantity=cleaned["quantity"],
            discount_percent=cleaned["discount_percent"] or Decimal(0),
            quantity_per_period=cleaned["quantity_per_period"],
        )


class CommitmentForm(TermsForm):
    """What is agreed for a service object. A new one has its first price as well."""

    currency = forms.ModelChoiceField(Currency.objects.all())
    starts_on = forms.DateField(label="Start date")
    anchor_on = forms.DateField(
        label="Periods from", required=False, help_text="The day from which periods are counted. Empty: the start date."
    )
    ends_on = forms.DateField(
        label="End date",
        required=False,
        help_text="The last day. Empty: the end of an initial term without extension, or none.",
    )
    prepaid_service = forms.ModelChoiceField(
        PrepaidService.objects.none(),
        required=False,
        label="Prepaid service",
        help_text=help_of(ServiceCommitment, "prepaid_service"),
    )

    layout: tuple = (
        ("description", "prepaid_service"),
        ("partner", "invoicing_via"),
        ("invoicing_item", "currency"),
        ("starts_on", "ends_on"),
        ("base_period", "rhythm"),
        ("initial_term", "extension_term"),
        ("notice_period", "anchor_on"),
    )

    def __init__(
        self,
        *args: Any,
        service_object: ServiceObject,
        commitment: ServiceCommitment | None = None,
        fixed: bool = False,
        **kwargs: Any,
    ) -> None:
        locked = dict.fromkeys(FIXED_ONCE_BILLED, BILLED) if fixed else {}
        if commitment is not None and commitment.cancelled_on:
            locked["ends_on"] = CANCELLED
        super().__init__(*args, locked=locked, **kwargs)
        del self.fields["base_percent"], self.fields["start_formula"]  # of the catalogue alone
        self.commitment = commitment
        field: Any = self.fields["prepaid_service"]
        chosen = commitment.prepaid_service_id if commitment else None
        services = PrepaidService.objects.filter(account=service_object.account_id)
        field.queryset = services.filter(Q(accrual="periodic", closed=False) | Q(pk=chosen)).order_by("number")

    def card(self, price: Price | None = None) -> CommitmentCard:
        names = ("currency", "starts_on", "anchor_on", "ends_on", "prepaid_service")
        return CommitmentCard(**{name: self.cleaned_data[name] for name in names}, terms=self.terms(), price=price)


FIXED_ONCE_BILLED = ("currency", "starts_on", "anchor_on", "base_period", "partner", "invoicing_via")


class NewCommitmentForm(CommitmentForm, PriceFields):
    layout = (
        *CommitmentForm.layout,
        ("price", "quantity"),
        ("discount_percent", "quantity_per_period"),
    )


def commitment_as_typed(commitment: ServiceCommitment) -> dict[str, Any]:
    names = ("currency", "starts_on", "anchor_on", "ends_on", "prepaid_service")
    return terms_as_typed(commitment) | {name: getattr(commitment, name) for name in names}


class PriceForm(PriceFields):
    from_on = forms.DateField(label="From", help_text="A period that the day falls into is billed in two parts.")

    layout = (
        ("from_on", "price"),
        ("quantity", "discount_percent"),
        "quantity_per_period",
    )


def price_as_typed(price: CommitmentPrice | None, currency: Currency, on: datetime.date) -> dict[str, Any]:
    """As it stands; without one, the usual."""
    if price is None:
        return {"from_on": on, "quantity": 1, "discount_percent": 0, "quantity_per_period": 1}
    exact = ("quantity", "discount_percent", "quantity_per_period")
    shown = {name: formats.exact(getattr(price, name)) for name in exact}
    return shown | {"from_on": on, "price": round_to(price.price, currency.decimals)}


class CancelForm(PageForm):
    notice_on = forms.DateField(label="Notice on", initial=business_date, help_text="The day of the notice.")
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        help_text="Empty: the first one for which the notice is in time.",
    )
    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed where it ends before the notice would allow.",
    )

    layout = (("notice_on", "ends_on"), "reason")


class ContractForm(PageForm):
    """Without a bill-to account whoever pays for the account is billed; without a currency it is the account's."""

    account = AccountField(label="Sell-to account", help_text="Its number or name.")
    bill_to = AccountField(
        label="Bill-to account", required=False, help_text="Empty: whoever pays for the sell-to account."
    )
    currency = forms.ModelChoiceField(
        Currency.objects.all(), required=False, empty_label="The account's", help_text="Of everything that it bills."
    )
    external_reference = forms.CharField(
        label="External reference", max_length=60, required=False, help_text="The customer's own number."
    )
    description = forms.CharField(max_length=250, required=False, help_text=help_of(CustomerContract, "description"))

    layout = (("account", "bill_to"), ("currency", "external_reference"), "description")

    def __init__(self, *args: Any, contract: CustomerContract | None = None, **kwargs: Any) -> None:
        fixed = contract is not None and contract.commitments.exists()
        super().__init__(*args, locked=dict.fromkeys(("account", "currency"), COMMITTED) if fixed else {}, **kwargs)

    def terms(self) -> ContractTerms:
        cleaned = self.cleaned_data
        return ContractTerms(**cleaned | {"currency": cleaned["currency"] or cleaned["account"].currency})


def contract_as_typed(contract: CustomerContract) -> dict[str, Any]:
    return {name: getattr(contract, name) for name in ContractForm.base_fields}


class AssignForm(PageForm):
    """A tick for each commitment that the contract could bill."""

    def __init__(self, *args: Any, commitments: list[ServiceCommitment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commitments = {f"commitment_{each.pk}": each for each in commitments}
        for name, each in self.commitments.items():
            label = f"{each}, from {formats.day(each.starts_on)}"
            self.fields[name] = forms.BooleanField(required=False, initial=True, label=label)
        self.layout = tuple(self.commitments)

    def chosen(self) -> list[ServiceCommitment]:
        return [each for name, each in self.commitments.items() if self.cleaned_data[name]]


class IntoContractForm(PageForm):
    contract = forms.ModelChoiceField(CustomerContract.objects.none())

    def __init__(self, *args: Any, commitment: ServiceCommitment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["contract"]
        field.queryset = fitting_contracts(commitment)


def fitting_contracts(commitment: ServiceCommitment) -> Any:
    """The open contracts of its account in its currency."""
    return CustomerContract.objects.filter(
        account=commitment.object.account_id, currency=commitment.currency_id, closed=False
    )
