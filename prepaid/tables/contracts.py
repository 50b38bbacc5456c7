from typing import Any

import django_tables2 as tables

from pages import markup
from pages.formats import NOTHING
from pages.tables import DayColumn, LinkColumn, NumberColumn, Table
from prepaid.models import CustomerContract, ServiceCommitment, ServiceObject
from prepaid.shown import quantity
from prepaid.tables.columns import AmountColumn, hidden


class ContractTable(Table):
    number = LinkColumn(verbose_name="No.")
    account = LinkColumn(linkify=True, order_by="account__number")
    commitment_count = NumberColumn(verbose_name="Commitments")
    next_billing_on = DayColumn(verbose_name="Next billing date", away=True)

    account_number = hidden("Account no.", "account__number")
    account_name = hidden("Account name", "account__name")
    bill_to = hidden("Bill-to account", "bill_to__number")
    external_reference = hidden("External reference", "external_reference")
    closed = hidden("Closed", "closed")

    class Meta:
        model = CustomerContract
        fields = ("number", "account", "description", "currency", "commitment_count", "next_billing_on")

    def render_description(self, value: str, record: CustomerContract) -> str:
        return markup.badge("Closed") + " " + value if record.closed else value


class ObjectTable(Table):
    number = LinkColumn(verbose_name="No.")
    account = LinkColumn(linkify=True, order_by="account__number")
    product = tables.Column(order_by="product__code")
    quantity = NumberColumn()
    provided_on = DayColumn()

    account_number = hidden("Account no.", "account__number")
    reference = hidden("Reference", "reference")
    unit_of_measure = hidden("Unit of measure", "unit_of_measure")

    class Meta:
        model = ServiceObject
        fields = ("number", "account", "description", "product", "quantity", "provided_on")

    def render_quantity(self, record: ServiceObject) -> str:
        return quantity(record.quantity, record.unit_of_measure)

    def value_account(self, record: ServiceObject) -> str:
        return record.account.name


class CommitmentTable(Table):
    description = LinkColumn(verbose_name="Service commitment", order_by=("object__number", "description"))
    account = LinkColumn(
        accessor="object__account",
        linkify=lambda record: record.object.account.get_absolute_url(),
        order_by="object__account__number",
    )
    contract = LinkColumn(linkify=lambda record: record.contract and record.contract.get_absolute_url())
    per_period = AmountColumn(verbose_name="Per base period")
    base_period = tables.Column(verbose_name="Base period")
    next_billing_on = DayColumn(verbose_name="Next billing date")
    ends_on = DayColumn(verbose_name="End date")

    object = hidden("Service object", "object__number")
    contract_number = hidden("Contract no.", "contract__number")
    currency = hidden("Currency", "currency_id")
    rhythm = hidden("Billing rhythm", "rhythm")
    starts_on = DayColumn(visible=False)
    prepaid_service = hidden("Prepaid service", "prepaid_service__number")
    partner = hidden("Partner", "get_partner_display")
    invoicing_via = hidden("Invoicing via", "get_invoicing_via_display")

    class Meta:
        model = ServiceCommitment
        fields = (
            "description", "account", "contract", "per_period", "base_period", "next_billing_on", "ends_on",
        )  # fmt: skip

    def render_description(self, record: ServiceCommitment) -> str:
        return markup.whole(record)

    def render_contract(self, value: CustomerContract) -> str:
        return markup.whole(value.number)

    def render_next_billing_on(self, value: Any, record: ServiceCommitment) -> str:
        """Nothing where no contract bills it, or everything is billed."""
        if not record.is_billed_by_contract or record.is_over:
            return NOTHING
        return markup.day(value)
