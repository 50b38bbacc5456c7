"""What an imported company still asks for: credits for its milestones, and the completions that its export claims.

Books: none. What is completed is earned by the next night.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import F, QuerySet

from credits.models import Milestone
from credits.reports.milestones import statuses_that_do_not_wait
from credits.services.allocate import allocate
from credits.services.milestones import complete
from pages.refusals import Refused


@dataclass
class Settled:
    """How many milestones were allocated and completed, and why others were not, by number."""

    allocated: int = 0
    completed: int = 0
    refusals: dict[str, str] = field(default_factory=dict)


def settle(ids: Collection[str], *, on: datetime.date, actor) -> Settled:
    """Allocates the milestones of these Ids whose status waits for credits, in the order of target date, then Id, as of the
    day `on`, each in full or not at all; then completes, in the same order, those with a claimed date that are allocated in
    full. Each is an action of its own, so what one lacks stops no other; again, it takes up what stayed open."""
    settled = Settled()
    for milestone in in_order(waiting_for_credits(ids).filter(actual_on=None)):
        try:
            before = milestone.credits_allocated
            allocate(milestone, actor=actor, today=on)
            settled.allocated += before != milestone.credits_needed
        except Refused as refused:
            settled.refusals[milestone.number] = refused.message
    for milestone in in_order(Milestone.objects.filter(number__in=ids, claimed_on__isnull=False)):
        if milestone.number in settled.refusals:
            continue
        try:
            complete(milestone, actual_on=milestone.claimed_on, today=on, actor=actor)
            settled.completed += 1
        except Refused as refused:
            settled.refusals[milestone.number] = refused.message
    return settled


def waiting_for_credits(ids: Collection[str]) -> QuerySet[Milestone]:
    """Those whose status needs an allocation, had they one or not."""
    needing = Milestone.objects.filter(number__in=ids, credits_needed__isnull=False)
    return needing.exclude(status__in=statuses_that_do_not_wait())


def in_order(milestones: QuerySet[Milestone]) -> list[Milestone]:
    """The earliest target date first; those without one last."""
    return list(milestones.order_by(F("target_on").asc(nulls_last=True), "number"))
