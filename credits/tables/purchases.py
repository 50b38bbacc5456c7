from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from credits.models import Purchase
from credits.reports.holdings import soon_days
from credits.reports.lots import STATES, TONES
from credits.tables.columns import AmountColumn, ExpiryColumn, NumberLinkColumn, NumberTwin, hidden
from pages import markup
from pages.elements import Action
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn, MenuColumn, Table


class StateColumn(BadgeColumn):
    def render(self, value: Any, record: Any, bound_column: Any) -> str:
        return markup.badge(STATES[value], TONES[value])

    def value(self, value: str) -> str:
        return STATES[value]


class AvailableColumn(CreditsColumn):
    """What is left, of how many: nothing of a draft."""

    def render(self, value: int, record: Any = None) -> str:
        left = "–" if record.draft else markup.credits(value, zero="–")
        return format_html("{} of {}", left, f"{record.number_of_credits:,}")

    def value(self, value: Any, record: Any = None) -> int:
        return 0 if record.draft else value


class PickColumn(tables.Column):
    """A tick that belongs to the form below the list."""

    def __init__(self) -> None:
        super().__init__(verbose_name="Pick", empty_values=(), orderable=False, exclude_from_export=True)

    def render(self, record: Purchase) -> str:
        return format_html(
            '<input type="checkbox" class="form-check-input" name="purchase" value="{}" form="picked" aria-label="Pick {}">',
            record.pk,
            record.number,
        )


def row_actions(purchase: Purchase) -> list[Action]:
    """The commonest of the purchase's actions; the page of the purchase has them all, with reasons."""
    to = purchase.pk
    manage, expire = "credits.manage_purchases", "credits.expire_purchases"
    clone = Action("Clone", reverse("credits:purchase-clone", args=[to]), permission=manage)
    if purchase.draft:
        return [
            Action("Edit", reverse("credits:purchase-edit", args=[to]), permission=manage),
            Action("Confirm", reverse("credits:purchase-confirm", args=[to]), permission=manage),
            clone,
        ]
    return [Action("Edit dates", reverse("credits:purchase-dates", args=[to]), permission=expire), clone]


class PurchaseTable(Table):
    number = NumberLinkColumn()
    account = LinkColumn(linkify=True, order_by="account__number")
    expires_on = ExpiryColumn(verbose_name="Expires")
    credits_available = AvailableColumn(verbose_name="Available")
    deferred = AmountColumn()
    state = StateColumn()
    pick = PickColumn()
    actions = MenuColumn(row_actions)

    currency = hidden("Currency", "currency_id")
    purchased_on = DayColumn(visible=False)
    starts_on = DayColumn(visible=False)
    number_of_credits = CreditsColumn(visible=False)
    value_per_credit = AmountColumn(visible=False)
    value_per_credit_number = NumberTwin("Value per credit number", "value_per_credit")
    amount_paid_per_credit = AmountColumn(visible=False)
    amount_paid_per_credit_number = NumberTwin("Amount paid per credit number", "amount_paid_per_credit")
    paid_total = AmountColumn(visible=False)
    credits_allocated = CreditsColumn(visible=False)
    credits_expired = CreditsColumn(visible=False)
    credits_refunded = CreditsColumn(visible=False)
    opportunity = hidden("Opportunity", "opportunity_line__opportunity__number")
    description = hidden("Description", "description")

    @cached_property
    def soon_days(self) -> int:
        return soon_days()

    class Meta:
        model = Purchase
        fields = ("number", "account", "expires_on", "credits_available", "deferred", "state", "pick", "actions")
