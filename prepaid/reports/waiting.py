"""Entries by hand and residuals that wait for a second person, read from outside."""

from django.db.models import Q, QuerySet

from ledger.reports.company import with_company
from prepaid.models import DissolutionProposal, EntryRequest, PrepaidEntry
from prepaid.models.requests import State

OF_REQUESTS = ("service__account", "service__currency", "requested_by", "decided_by", "product_group",
               "balancing_account")  # fmt: skip
OF_RESIDUALS = ("inflow__service__account", "inflow__service__currency", "inflow__currency", "inflow__balance",
                "requested_by", "decided_by")  # fmt: skip


def entry_requests() -> QuerySet[EntryRequest]:
    """With what a row of the list shows, the newest first."""
    return with_company(EntryRequest.objects.select_related(*OF_REQUESTS)).order_by("-id")


def entries_waiting_for(user) -> QuerySet[EntryRequest]:
    """What others have asked for, the oldest first: nobody approves what they asked for."""
    return entry_requests().filter(state=State.REQUESTED).exclude(requested_by=user).order_by("id")


def made_of(request: EntryRequest) -> QuerySet[PrepaidEntry]:
    """The prepaid ledger entry that it made."""
    return PrepaidEntry.objects.filter(event_key=request.event_key).select_related("service", "currency")


def residuals() -> QuerySet[DissolutionProposal]:
    """Every proposal, the newest first."""
    return with_company(DissolutionProposal.objects.select_related(*OF_RESIDUALS)).order_by("-id")


def residuals_waiting() -> QuerySet[DissolutionProposal]:
    """What waits and has something left, the oldest first: what was taken out by hand needs no review."""
    left = Q(inflow__balance__remaining__gt=0) | Q(inflow__balance__remaining_quantity__gt=0)
    return residuals().filter(left, state=State.REQUESTED).order_by("id")


def residuals_waiting_for(user) -> QuerySet[DissolutionProposal]:
    """What others, or the night, have proposed."""
    return residuals_waiting().exclude(requested_by=user)
