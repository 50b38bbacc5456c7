"""Residuals for review: what an expiry has proposed is posted when somebody else approves it, entry and journal together.

A proposal keeps nothing usable and nothing from being taken out by hand: one whose residual is gone is closed by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from ledger.services.changes import made_by
from opportunities.models import Account
from pages.refusals import Refused
from prepaid.exceptions import AlreadyDecided, NothingToExpire, OwnRequest
from prepaid.models import DissolutionProposal, InflowBalance
from prepaid.models.requests import State
from prepaid.services.expire import expire_due, last_passed_day

SCOPE = "e.id = ANY(%(inflows)s)"


@dataclass
class Reviewed:
    """What an approval did: proposals that were posted; that were closed, as nothing is left of them; that the books could
    not take, and stay."""

    posted: list[DissolutionProposal] = field(default_factory=list)
    gone: list[DissolutionProposal] = field(default_factory=list)
    stay: list[DissolutionProposal] = field(default_factory=list)
    refusals: list[tuple[int, Refused]] = field(default_factory=list)


@transaction.atomic
def approve_dissolutions(proposals: Sequence[DissolutionProposal], *, actor) -> Reviewed:
    """Expires what is left of exactly these inflows: balances and books as in `expire.py`. Whatever was taken out by hand
    meanwhile is closed without a posting.

    Refused: one that is decided (AlreadyDecided) or that the same person proposed (OwnRequest), before anything is written;
    nothing picked (NothingToExpire); what the books cannot take, where it is all there is."""
    rows = _lock(proposals)
    if not rows:
        raise NothingToExpire("Pick the residuals to approve.")
    for row in rows:
        if refusal := refusal_to_approve(row, actor):
            raise refusal
    made_by(actor, "Approve residuals")
    before = _left(row.inflow_id for row in rows)
    done = expire_due(SCOPE, {"inflows": list(before)}, on=last_passed_day(), actor=actor)
    after = _left(before)
    reviewed = Reviewed(
        posted=[row for row in rows if row.inflow_id in before - after],
        gone=[row for row in rows if row.inflow_id not in before],
        stay=[row for row in rows if row.inflow_id in after],
        refusals=done.refusals,
    )
    if reviewed.stay and not (reviewed.posted or reviewed.gone):
        raise (
            done.refusals[0][1]
            if done.refusals
            else NothingToExpire("What was picked has not lapsed: it can still be used.")
        )
    _decide([row.pk for row in reviewed.posted], State.POSTED, by=actor)
    _decide([row.pk for row in reviewed.gone], State.WITHDRAWN, by=actor)
    return reviewed


@transaction.atomic
def dismiss_dissolution(proposal: DissolutionProposal, *, actor) -> DissolutionProposal:
    """Takes the proposal from the list, without effect on balances and books: withdrawn by whoever made it, declined by
    anybody else. What is left stays unusable, and the next expiry proposes or posts it. Refused: AlreadyDecided."""
    (row,) = _lock([proposal])
    if row.state != State.REQUESTED:
        raise AlreadyDecided(row)
    made_by(actor, "Dismiss residual")
    _decide([row.pk], State.WITHDRAWN if row.requested_by_id == actor.pk else State.DECLINED, by=actor)
    row.refresh_from_db()
    return row


def close_what_is_gone(services: Iterable[Any]) -> None:
    """Closes the proposals of these services of which nothing is left. The caller holds the locks of their accounts."""
    waiting = DissolutionProposal.objects.filter(state=State.REQUESTED, inflow__service__in=services)
    gone = waiting.exclude(inflow__in=InflowBalance.objects.left().values("pk"))
    gone.update(state=State.WITHDRAWN, decided_at=timezone.now())


def refusal_to_approve(proposal: DissolutionProposal, actor) -> Refused | None:
    """Why this person cannot approve it."""
    if proposal.state != State.REQUESTED:
        return AlreadyDecided(proposal)
    return OwnRequest(proposal) if proposal.requested_by_id == actor.pk else None


def _lock(proposals: Sequence[DissolutionProposal]) -> list[DissolutionProposal]:
    """The proposals as they are now, by id, their accounts locked first."""
    found = DissolutionProposal.objects.filter(pk__in=[proposal.pk for proposal in proposals])
    accounts = found.order_by().values("inflow__service__account")
    list(Account.objects.filter(pk__in=accounts).order_by("id").select_for_update(no_key=True))
    service = ("inflow__service__account", "inflow__service__currency")
    related = (*service, "inflow__currency", "inflow__balance", "requested_by")
    return list(found.select_related(*related).order_by("id").select_for_update(of=["self"]))


def _left(inflows: Iterable[int]) -> set[int]:
    return set(InflowBalance.objects.left().filter(pk__in=inflows).values_list("pk", flat=True))


def _decide(proposals: Sequence[int], state: State, *, by) -> None:
    rows = DissolutionProposal.objects.filter(pk__in=proposals)
    rows.update(state=state, decided_by=by, decided_at=timezone.now())
