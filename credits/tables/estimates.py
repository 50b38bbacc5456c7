from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html

from credits.models import BreakageEstimate
from credits.reports.estimates import IN_FORCE, LATER, PROPOSED, REPLACED, STATES
from ledger.tables.journal import PersonColumn, TextColumn
from pages import formats, markup
from pages.elements import Action
from pages.tables import BadgeColumn, DayColumn, MenuColumn, NumberColumn, Table

TONES = {PROPOSED: "warn", LATER: "info", IN_FORCE: "good", REPLACED: "neutral"}


class PercentColumn(NumberColumn):
    def render(self, value: Decimal) -> str:
        return f"{formats.exact(value)} %"

    def value(self, value: Decimal) -> Decimal:
        return value


class StateColumn(BadgeColumn):
    def render(self, value: Any, record: Any, bound_column: Any) -> str:
        return markup.badge(STATES[value], TONES[value])

    def value(self, value: str) -> str:
        return STATES[value]


class ProposedByColumn(PersonColumn):
    """And below it, who has approved it."""

    def render(self, value: Any, record: Any = None) -> str:
        if record is None or record.approved_by is None:
            return super().render(value)
        approver = super().render(record.approved_by)
        return format_html('{}<div class="quiet small">approved by {}</div>', super().render(value), approver)

    def value(self, value: Any) -> str:
        return super().render(value)


def row_actions(estimate: BreakageEstimate) -> list[Action]:
    """Of a proposal alone: an estimate in force is followed by another."""
    if estimate.approved_by_id:
        return []
    approve, withdraw = (reverse(f"credits:estimate-{name}", args=[estimate.pk]) for name in ("approve", "withdraw"))
    return [
        Action("Approve", approve, permission="credits.approve_correction"),
        Action("Withdraw", withdraw, permission="credits.propose_estimate"),
    ]


class EstimateTable(Table):
    product_group = tables.Column(verbose_name="Product posting group")
    expected_unused = PercentColumn(verbose_name="Expected unused")
    effective_on = DayColumn(verbose_name="Effective")
    state = StateColumn()
    reason = TextColumn()
    proposed_by = ProposedByColumn(verbose_name="Proposed by")
    actions = MenuColumn(row_actions)

    approved_by = PersonColumn(verbose_name="Approved by", visible=False)

    class Meta:
        model = BreakageEstimate
        fields = (
            "product_group", "expected_unused", "effective_on", "state", "reason", "proposed_by", "actions",
        )  # fmt: skip
