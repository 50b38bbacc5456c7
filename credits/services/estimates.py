"""Proportional breakage: what share of its credits a product group's customers are expected to leave unused, proposed by one
person and approved by another. What it does to the lots and the books: `credits/services/expected_breakage.py`."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from credits.exceptions import BadEstimate, OwnEstimate
from credits.models import BreakageEstimate
from ledger.models import ProductPostingGroup
from ledger.money import has_decimals
from ledger.services.changes import made_by
from pages.refusals import Refused


def propose_estimate(
    product_group: ProductPostingGroup, *, expected_unused: Decimal, effective_on: datetime.date, reason: str, actor
) -> BreakageEstimate:
    """Proposes what share of the credits of a product group (percent) stays unused. Books: none before another person
    approves it. Refused (BadEstimate): a percentage below 0 or above 99, no reason."""
    if not 0 <= expected_unused <= 99:
        raise BadEstimate(f"{expected_unused} % is no share of unused credits: enter 0 to 99.", field="expected_unused")
    if not has_decimals(expected_unused, 2):
        raise BadEstimate(f"Enter {expected_unused} % with at most two decimals.", field="expected_unused")
    if not reason.strip():
        raise BadEstimate("Say what the estimate rests on: the reason is kept with it.", field="reason")
    with transaction.atomic():
        made_by(actor, "Propose breakage estimate", reason=reason)
        return BreakageEstimate.objects.create(
            product_group=product_group,
            expected_unused=expected_unused,
            effective_on=effective_on,
            reason=reason.strip(),
            proposed_by=actor,
        )


@transaction.atomic
def approve_estimate(estimate: BreakageEstimate, *, actor) -> BreakageEstimate:
    """Puts an estimate in force from its effective date on; approved already, it stays as it is.

    Books: the next night catches up every lot of the group. Refused (OwnEstimate): by whoever proposed it."""
    estimate = BreakageEstimate.objects.select_for_update().get(pk=estimate.pk)
    if estimate.approved_by_id:
        return estimate
    if refusal := refusal_to_approve_estimate(estimate, actor):
        raise refusal
    made_by(actor, "Approve breakage estimate")
    estimate.approved_by, estimate.approved_at = actor, timezone.now()
    estimate.save(update_fields=["approved_by", "approved_at"])
    return estimate


@transaction.atomic
def withdraw_estimate(estimate: BreakageEstimate, *, actor) -> None:
    """Deletes a proposal that nobody has approved. Refused (BadEstimate): one that is in force."""
    estimate = BreakageEstimate.objects.select_for_update().get(pk=estimate.pk)
    if estimate.approved_by_id:
        raise BadEstimate(f"{estimate} is approved: propose another estimate that takes its place.")
    made_by(actor, "Withdraw breakage estimate")
    estimate.delete()


def refusal_to_approve_estimate(estimate: BreakageEstimate, actor) -> Refused | None:
    """Why this person cannot approve it."""
    return OwnEstimate(estimate) if estimate.proposed_by_id == actor.pk else None
