import django_tables2 as tables
from django.urls import reverse

from ledger.tables.journal import BooksTable, MomentColumn, PersonColumn
from pages.elements import Action
from pages.tables import BadgeColumn, DayColumn, LinkColumn, MenuColumn
from prepaid.models import DissolutionProposal
from prepaid.models.requests import State
from prepaid.tables.columns import PickColumn, UnitsColumn, hidden
from prepaid.tables.entry_requests import TONES

APPROVE = "prepaid.approve_entries"


def row_actions(proposal: DissolutionProposal) -> list[Action]:
    if proposal.state != State.REQUESTED:
        return []
    approve = f"{reverse('prepaid:dissolution-approve')}?proposal={proposal.pk}"
    return [
        Action("Approve", approve, permission=APPROVE),
        Action("Dismiss", reverse("prepaid:dissolution-dismiss", args=[proposal.pk]), permission=APPROVE),
    ]


class DissolutionTable(BooksTable):
    inflow = LinkColumn(linkify=lambda record: record.inflow.get_absolute_url(), verbose_name="Ledger entry")
    service = LinkColumn(
        linkify=lambda record: record.inflow.service.get_absolute_url(),
        accessor="inflow__service",
        order_by="inflow__service__number",
        verbose_name="Prepaid service",
    )
    account = tables.Column(accessor="inflow__service__account__name", verbose_name="Account")
    valid_until = DayColumn(accessor="inflow__valid_until")
    left = UnitsColumn(
        "Left", "inflow__balance__remaining", "inflow__balance__remaining_quantity", service="inflow__service"
    )
    state = BadgeColumn(tones=TONES)
    pick = PickColumn("proposal", cannot=lambda record: record.state != State.REQUESTED)
    actions = MenuColumn(row_actions)

    currency = hidden("Currency", "inflow__currency_id")
    proposed_on = DayColumn(visible=False)
    by_night = tables.Column(visible=False)
    requested_by = PersonColumn(visible=False, verbose_name="Proposed by")
    requested_at = MomentColumn(visible=False, verbose_name="Proposed")
    decided_by = PersonColumn(visible=False)
    decided_at = MomentColumn(visible=False)

    class Meta:
        model = DissolutionProposal
        fields = ("inflow", "service", "account", "valid_until", "left", "state", "pick")
