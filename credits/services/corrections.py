"""A correction of a purchase from its request to its decision. What it does when it is approved: `reinstate.py`, `refund.py`.

Books and balances: none before the approval.
"""

import datetime
from collections.abc import Callable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from credits.exceptions import AlreadyDecided, BadCorrection, NotYourRequest, OwnCorrection
from credits.models import Correction, Purchase
from credits.services.purchases import lock_purchase
from credits.services.refund import check_refund, refund, refusal_to_refund
from credits.services.reinstate import check_reinstatement, refusal_to_reinstate, reinstate
from ledger.services.changes import made_by
from pages.refusals import Refused


@transaction.atomic
def request_reinstatement(purchase: Purchase, *, new_expires_on: datetime.date, reason: str, actor) -> Correction:
    """Asks that expired credits come back, with another expiry date. Refused (BadCorrection): nothing expired, a date before
    today or before the start, no reason, another request that waits."""
    purchase = lock_purchase(purchase)
    return _request(
        Correction(purchase=purchase, kind=Correction.Kind.REINSTATEMENT, new_expires_on=new_expires_on),
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def request_refund(
    purchase: Purchase, *, credits: int, kept_percent: Decimal = Decimal(0), reason: str, actor
) -> Correction:
    """Asks that unused credits are canceled and their price refunded, but for the percentage that is kept. Refused
    (BadCorrection): a draft, more credits than are available, a percentage that is none, no reason, another request that
    waits."""
    purchase = lock_purchase(purchase)
    return _request(
        Correction(purchase=purchase, kind=Correction.Kind.REFUND, credits=credits, kept_percent=kept_percent),
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def approve_correction(correction: Correction, *, actor) -> Correction:
    """Carries the correction out, today. Books: rules 10 and 11 to 11c. Refused: by whoever asked for it (OwnCorrection), one
    that is decided (AlreadyDecided), and what can no longer be done (BadCorrection, and what the books cannot take)."""
    correction = _lock(correction)
    if refusal := refusal_to_approve(correction, actor):
        raise refusal
    check, carry_out = KINDS[Correction.Kind(correction.kind)]
    check(correction)
    made_by(actor, f"Approve {correction.get_kind_display().lower()}", reason=correction.reason)
    _decide(correction, Correction.State.APPROVED, actor=actor)
    carry_out(correction, actor=actor)
    return correction


@transaction.atomic
def decline_correction(correction: Correction, *, note: str, actor) -> Correction:
    """Ends the request without effect: declined with a note, or withdrawn by whoever asked for it. Refused: AlreadyDecided;
    no note when declining (BadCorrection)."""
    correction = _lock(correction)
    if correction.state != Correction.State.REQUESTED:
        raise AlreadyDecided(correction)
    own = correction.requested_by_id == actor.pk
    if not own and not note.strip():
        raise BadCorrection("Say why it is declined: the note is kept with it.", field="note")
    made_by(actor, f"{'Withdraw' if own else 'Decline'} {correction.get_kind_display().lower()}", reason=note)
    _decide(correction, Correction.State.WITHDRAWN if own else Correction.State.DECLINED, actor=actor, note=note)
    return correction


@transaction.atomic
def withdraw_correction(correction: Correction, *, actor) -> Correction:
    """Ends one's own request without effect. Refused: somebody else's (NotYourRequest), one that is decided
    (AlreadyDecided)."""
    if refusal := refusal_to_withdraw(correction, actor):
        raise refusal
    return decline_correction(correction, note="", actor=actor)


def refusal_to_approve(correction: Correction, actor) -> Refused | None:
    """Why this person cannot approve it."""
    if correction.state != Correction.State.REQUESTED:
        return AlreadyDecided(correction)
    return OwnCorrection(correction) if correction.requested_by_id == actor.pk else None


def refusal_to_decline(correction: Correction, actor) -> Refused | None:
    """Why there is nothing to decline for this person."""
    own = correction.requested_by_id == actor.pk
    return NotYourRequest("You asked for it: withdraw it instead.") if own else refusal_to_approve(correction, actor)


def refusal_to_withdraw(correction: Correction, actor) -> Refused | None:
    """Why this person cannot withdraw it."""
    if correction.state != Correction.State.REQUESTED:
        return AlreadyDecided(correction)
    own = correction.requested_by_id == actor.pk
    return None if own else NotYourRequest(f"Only {correction.requested_by}, who asked for it, withdraws it.")


def refusal_to_request(purchase: Purchase) -> Refused | None:
    """Why nothing more can be asked for now: one request at a time, decided on the figures it was made on."""
    waiting = purchase.corrections.waiting().first()
    return BadCorrection(f"{waiting} waits for approval already. Decide it first.") if waiting else None


def refusal_to_request_refund(purchase: Purchase) -> Refused | None:
    """Why no refund can be asked for, of however many credits."""
    return refusal_to_refund(purchase) or refusal_to_request(purchase)


def refusal_to_request_reinstatement(purchase: Purchase) -> Refused | None:
    """Why no reinstatement can be asked for, to whatever date."""
    return refusal_to_reinstate(purchase) or refusal_to_request(purchase)


# Of each kind what it refuses, and what it does.
KINDS: dict[Correction.Kind, tuple[Callable[[Correction], None], Callable[..., object]]] = {
    Correction.Kind.REINSTATEMENT: (check_reinstatement, reinstate),
    Correction.Kind.REFUND: (check_refund, refund),
}


def _request(correction: Correction, *, reason: str, actor) -> Correction:
    if refusal := refusal_to_request(correction.purchase):
        raise refusal
    check, _ = KINDS[Correction.Kind(correction.kind)]
    check(correction)
    if not reason.strip():
        raise BadCorrection("Say why: whoever approves it decides on the reason.", field="reason")
    made_by(actor, f"Request {correction.get_kind_display().lower()}", reason=reason)
    correction.reason, correction.requested_by = reason.strip(), actor
    correction.save(force_insert=True)
    return correction


def _lock(correction: Correction) -> Correction:
    """The correction as it is now, locked after its account and its purchase."""
    purchase = lock_purchase(correction.purchase)
    locked = Correction.objects.select_for_update().get(pk=correction.pk)
    locked.purchase = purchase
    return locked


def _decide(correction: Correction, state: Correction.State, *, actor, note: str = "") -> None:
    correction.state, correction.decided_by, correction.decided_at = state, actor, timezone.now()
    correction.decision_note = note.strip()
    correction.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
