from django.urls import reverse

from credits.models import Allocation, Consumption
from credits.tables.columns import AmountColumn, NumberLinkColumn, NumberTwin, hidden
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn, Table

TONES = {"consumption": "good", "adjustment": "info", "expiry": "neutral", "allocation": "good"}


def to_rows(allocation: Allocation) -> str:
    """An allocation is shown by its consumptions."""
    return f"{reverse('credits:consumption-list')}?allocation={allocation.number}"


class ConsumptionTable(Table):
    allocation = NumberLinkColumn(linkify=lambda record: to_rows(record.allocation))
    consumed_on = DayColumn()
    consumption_type = BadgeColumn(tones=TONES)
    purchase = NumberLinkColumn(linkify=True, order_by="purchase__number")
    milestone = LinkColumn(linkify=True, order_by="milestone__number")
    credits = CreditsColumn(verbose_name="Credits")
    paid_amount = AmountColumn()

    account = hidden("Account", "account__number")
    account_name = hidden("Account name", "account__name")
    currency = hidden("Currency", "currency_id")
    value_per_credit = AmountColumn(visible=False)
    value_per_credit_number = NumberTwin("Internal value per credit number", "value_per_credit")
    amount_paid_per_credit = AmountColumn(visible=False)
    amount_paid_per_credit_number = NumberTwin("Amount paid per credit number", "amount_paid_per_credit")
    value_amount = AmountColumn(visible=False)
    value_amount_number = NumberTwin("Internal value of credits number", "value_amount")
    paid_amount_number = NumberTwin("Amount paid for credits number", "paid_amount")

    class Meta:
        model = Consumption
        fields = (
            "allocation", "consumed_on", "consumption_type", "purchase", "milestone", "credits", "paid_amount",
        )  # fmt: skip


class AllocationTable(Table):
    number = NumberLinkColumn(linkify=to_rows)
    allocated_on = DayColumn()
    allocation_type = BadgeColumn(tones=TONES)
    account = LinkColumn(linkify=True, order_by="account__number")
    milestone = LinkColumn(linkify=True, order_by="milestone__number")
    credits = CreditsColumn(verbose_name="Credits")
    paid_amount = AmountColumn(verbose_name="Amount paid for credits")

    currency = hidden("Currency", "currency_id")
    value_amount = AmountColumn(visible=False, verbose_name="Internal value of credits")
    value_amount_number = NumberTwin("Internal value of credits number", "value_amount")
    paid_amount_number = NumberTwin("Amount paid for credits number", "paid_amount")

    class Meta:
        model = Allocation
        fields = (
            "number", "allocated_on", "allocation_type", "account", "milestone", "credits", "paid_amount",
        )  # fmt: skip
