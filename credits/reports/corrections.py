"""Corrections, read from outside: all of them, and those that wait for a person."""

from django.db.models import QuerySet

from credits.models import BreakageEstimate, Correction
from ledger.reports.company import with_company

RELATED = ("purchase__account", "purchase__currency", "cancellation", "requested_by", "decided_by")


def corrections() -> QuerySet[Correction]:
    """With what a row of the list shows, the newest first."""
    return with_company(Correction.objects.select_related(*RELATED)).order_by("-id")


def waiting_for(user) -> QuerySet[Correction]:
    """What others have asked for, the oldest first: nobody approves what they asked for."""
    return Correction.objects.waiting().exclude(requested_by=user).select_related(*RELATED).order_by("id")


def estimates_waiting_for(user) -> QuerySet[BreakageEstimate]:
    """What others have proposed, the oldest first."""
    proposed = BreakageEstimate.objects.filter(approved_by=None).exclude(proposed_by=user)
    return proposed.select_related("product_group", "proposed_by").order_by("id")
