"""Allocating credits to a milestone, and adjusting what is allocated.

Books: none (rule 5), unless the setup recognises revenue on allocation. Available falls and allocated rises, on the lots and
on the milestone, by the rows that `consume` writes.
"""

import datetime

from django.db import transaction

from credits.drawing import Draw, draw, give_back
from credits.exceptions import AlreadyCompleted, NotForCredits, Shortage
from credits.models import Allocation, Milestone, Purchase
from credits.models.milestones import Status
from credits.reports.availability import candidates, held_back
from credits.services.consume import consume
from credits.services.day import check_day, day_of_allocation
from opportunities.models import Project
from opportunities.services.locks import lock_account
from pages.refusals import Refused


@transaction.atomic
def allocate(
    milestone: Milestone, *, actor, on: datetime.date | None = None, today: datetime.date | None = None
) -> Allocation | None:
    """Allocates exactly what the milestone needs: the first time from the lots of the day `on` (default: today), first to
    expire first; later by adjusting what is there. Pressed twice, the second time changes nothing.

    Enough or nothing. Refused: a milestone that needs no credits or is canceled (NotForCredits), one that is completed
    (AlreadyCompleted), too few credits (Shortage, with the reasons), a day in the future or one that the trail contradicts
    (BadDay).
    """
    on = day_of_allocation(on, today)
    milestone = lock_milestone(milestone)
    if milestone.credits_needed is None:
        raise NotForCredits(f"{milestone} needs no services credits. Enter how many it needs first.")
    return _set_total(milestone, milestone.credits_needed, actor=actor, on=on)


@transaction.atomic
def adjust(
    milestone: Milestone, *, total: int, actor, on: datetime.date | None = None, today: datetime.date | None = None
) -> Allocation | None:
    """Makes `total` the number of credits allocated: more is drawn first to expire first from the lots of the day, less is
    given back latest to expire first, to the lots it came from. Zero deallocates; the rows stay. Refused as in `allocate`,
    and a total below zero (NotForCredits)."""
    on = day_of_allocation(on, today)
    milestone = lock_milestone(milestone)
    if total < 0:
        raise NotForCredits(f"{total:,} credits: enter zero or more.", field="total")
    return _set_total(milestone, total, actor=actor, on=on)


def refusal_to_adjust(milestone: Milestone) -> Refused | None:
    """Why no credit of the milestone can be moved, given back or drawn."""
    return AlreadyCompleted(milestone) if milestone.is_completed else None


def refusal_to_allocate(milestone: Milestone) -> Refused | None:
    """Why the milestone takes no credits, or no more."""
    if refusal := refusal_to_adjust(milestone):
        return refusal
    if milestone.status == Status.CANCELED:
        return NotForCredits(f"{milestone} is canceled: it takes no credits.")
    if milestone.credits_needed is None:
        return NotForCredits(f"{milestone} needs no services credits. Enter how many it needs first.")
    return None


def lock_milestone(milestone: Milestone) -> Milestone:
    """The milestone as it is now, locked after its account and every lot that its account could draw from. Refused
    (NotForCredits) where it went to another project while the lock was waited for: then the locks are the wrong ones."""
    project = Project.objects.get(milestones=milestone)
    lock_lots(project)
    milestones = Milestone.objects.select_related("project__account", "project__currency")
    milestone = milestones.select_for_update(of=["self"], no_key=True).get(pk=milestone.pk)
    if milestone.project_id != project.pk:
        raise NotForCredits(f"{milestone} was moved to {milestone.project} meanwhile. Look at it again.")
    return milestone


def lock_lots(project: Project) -> None:
    """Locks the account of the project, then every lot that its milestones could draw from."""
    lock_account(project.account_id)
    lots = Purchase.objects.with_credits_left().filter(account=project.account_id, currency=project.currency_id)
    list(lots.order_by("id").select_for_update(no_key=True).values_list("id"))


def _set_total(milestone: Milestone, total: int, *, actor, on: datetime.date) -> Allocation | None:
    change = total - milestone.credits_allocated
    if refusal := refusal_to_adjust(milestone) if change <= 0 else refusal_to_allocate(milestone):
        raise refusal
    if not change:
        return Allocation.objects.filter(milestone=milestone).first()
    draws = _draw_more(milestone, change, on) if change > 0 else _give_back(milestone, -change)
    check_day([milestone], draws, on)
    return consume(milestone, draws, actor=actor, on=on)


def _draw_more(milestone: Milestone, needed: int, on: datetime.date) -> list[Draw]:
    project = milestone.project
    draws = draw(candidates(project, on), needed)
    drawn = sum(d.credits for d in draws)
    if drawn < needed:
        raise Shortage(needed=needed, available=drawn, held_back=held_back(project, on), currency=project.currency_id)
    return draws


def _give_back(milestone: Milestone, surplus: int) -> list[Draw]:
    held = dict(milestone.consumptions.net_by_lot().values_list("purchase", "net"))
    lots = Purchase.objects.in_bulk(held)
    return give_back([(lots[pk], credits) for pk, credits in held.items()], surplus)
