"""Completing a milestone, and reopening it.

Books (rules 6 and 7): the next night earns the amount paid for its credits, effective on the actual date; or completing does
so at once, where the setup said so when they were allocated. Reopening posts the mirror of what was posted.
"""

import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from credits.exceptions import AlreadyCompleted, BadActualDate, GateClosed, NoReason, NotCompleted, NotForCredits
from credits.models import Completion, Milestone
from credits.models.milestones import Status
from credits.services.allocate import lock_milestone
from credits.services.earn import earn_now
from credits.services.taking_back import take_back
from ledger.dates import business_date
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused


@transaction.atomic
def complete(
    milestone: Milestone, *, actor, actual_on: datetime.date | None = None, today: datetime.date | None = None
) -> Completion:
    """Gives the milestone its actual date (default: today); its revenue waits for the next night, unless its allocation says
    otherwise (`earn_now`). What an import claimed is settled by it. Another `today` than the business date is for a migration
    as of that day.

    Refused: AlreadyCompleted; a canceled milestone (NotForCredits); credits not allocated in full (GateClosed); a date in
    the future, or before a purchase that pays for it (BadActualDate).
    """
    milestone = lock_milestone(milestone)
    today = today or business_date()
    actual_on = actual_on or today
    if refusal := refusal_to_complete(milestone) or _refusal_of_date(milestone, actual_on, today):
        raise refusal
    made_by(actor, "Complete milestone")
    completion = Completion.objects.create(
        milestone=milestone,
        sequence=milestone.completions.count() + 1,
        actual_on=actual_on,
        completed_by=actor,
    )
    milestone.actual_on, milestone.claimed_on = actual_on, None
    milestone.save(update_fields=["actual_on", "claimed_on"])
    earn_now(completion, on=today, actor=actor)
    return completion


@transaction.atomic
def reopen(milestone: Milestone, *, actor, reason: str) -> Completion:
    """Takes the actual date back, so that credits can be adjusted; completing again is a new event.

    Books: the mirror of the revenue, today, where completing it or a night posted it; nothing otherwise. Refused:
    NotCompleted, NoReason.
    """
    if not reason.strip():
        raise NoReason(milestone)
    milestone = lock_milestone(milestone)
    if refusal := refusal_to_reopen(milestone):
        raise refusal
    made_by(actor, "Reopen milestone", reason=reason)
    completion = milestone.completions.get(reopened_at=None)
    if completion.earned_on:
        prefix = f"milestone:{milestone.pk}"
        take_back(
            f"{prefix}:complete:{completion.sequence}",
            event_key=f"{prefix}:reopen:{completion.sequence}",
            kind="reopening",
            actor=actor,
            reason=reason,
        )
    completion.reopened_at, completion.reopened_by, completion.reopen_reason = timezone.now(), actor, reason
    completion.save(update_fields=["reopened_at", "reopened_by", "reopen_reason"])
    milestone.actual_on = None
    milestone.save(update_fields=["actual_on"])
    return completion


def refusal_to_complete(milestone: Milestone) -> Refused | None:
    """Why the milestone cannot be completed, whatever the date."""
    if milestone.is_completed:
        return AlreadyCompleted(milestone)
    if milestone.status == Status.CANCELED:
        return NotForCredits(f"{milestone} is canceled and cannot be completed.")
    if milestone.credits_allocated != (milestone.credits_needed or 0):
        return GateClosed(milestone)
    return None


def refusal_to_reopen(milestone: Milestone) -> Refused | None:
    """Why there is nothing to reopen."""
    return None if milestone.is_completed else NotCompleted(milestone)


def _refusal_of_date(milestone: Milestone, actual_on: datetime.date, today: datetime.date) -> Refused | None:
    if actual_on > today:
        return BadActualDate(
            f"The actual date {formats.day(actual_on)} is in the future: a milestone is completed when it is."
        )
    bought_on = milestone.consumptions.net_by_lot().aggregate(latest=Max("purchase__purchased_on"))["latest"]
    if bought_on and actual_on < bought_on:
        return BadActualDate(
            f"The actual date {formats.day(actual_on)} is before {formats.day(bought_on)}, "
            "when credits that pay for it were bought."
        )
    return None
