"""Manual allocation: whoever allocates picks the lots, where the setup allows it.

Books: as for every allocation (`consume`). A lot may be picked before its start date; never a draft, and never another
customer's or another currency's; past its expiry where the setup allows that.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from credits.drawing import Draw
from credits.exceptions import BadPicks
from credits.models import Allocation, CreditsSetup, Milestone, Purchase
from credits.services.allocate import lock_milestone, refusal_to_allocate
from credits.services.consume import consume
from credits.services.day import check_day, day_of_allocation
from opportunities.models import Project
from pages import formats
from pages.refusals import Refused


@transaction.atomic
def allocate_by_hand(
    milestone: Milestone, picks: Mapping[int, int], *, actor, on: datetime.date | None = None
) -> Allocation | None:
    """Makes `picks` (credits by the id of the purchase) what the milestone holds: more is drawn, and what is not picked any
    more is given back. Together they are what the milestone needs.

    Refused (BadPicks): a setup without manual allocation; a sum other than the need; a lot that cannot be picked, or more of
    it than it has. Refused too: NotForCredits, AlreadyCompleted, BadDay.
    """
    on = day_of_allocation(on)
    milestone = lock_milestone(milestone)
    if refusal := refusal_to_pick() or refusal_to_allocate(milestone):
        raise refusal
    held = dict(milestone.consumptions.net_by_lot().values_list("purchase", "net"))
    lots = Purchase.objects.select_related("account").in_bulk({*picks, *held})
    _check_numbers(lots, picks)
    draws = [Draw(lots[pk], change) for pk in sorted(lots) if (change := picks.get(pk, 0) - held.get(pk, 0))]
    _check_lots(milestone.project, [each for each in draws if each.credits > 0], on)
    _check_sum(milestone, sum(picks.values()))
    check_day([milestone], draws, on)
    return consume(milestone, draws, actor=actor, on=on) if draws else Allocation.objects.get(milestone=milestone)


def pickable(project: Project, on: datetime.date) -> QuerySet[Purchase]:
    """The lots that may be picked on the day `on`, in drawing order: as for every allocation, but for the start date."""
    lots = Purchase.objects.filter(account=project.account_id, currency=project.currency_id).with_credits_left()
    past_expiry = CreditsSetup.current().allocate_past_expiry
    return (lots if past_expiry else lots.filter(expires_on__gte=on)).in_drawing_order()


def refusal_to_pick() -> Refused | None:
    """Why nobody picks lots by hand here."""
    if CreditsSetup.current().manual_allocation:
        return None
    return BadPicks("Manual allocation is not enabled in the services credits setup.")


def field_of(lot: int) -> str:
    """The name under which a refusal finds the lot."""
    return f"lot-{lot}"


def _check_numbers(lots: Mapping[int, Purchase], picks: Mapping[int, int]) -> None:
    for pk, credits in picks.items():
        if pk not in lots:
            raise BadPicks("A purchase that was picked is not there any more.", field=field_of(pk))
        if credits < 0:
            raise BadPicks(f"{credits:,} credits: enter zero or more.", field=field_of(pk))


def _check_lots(project: Project, draws: list[Draw], on: datetime.date) -> None:
    usable = set(pickable(project, on).filter(pk__in=[d.purchase.pk for d in draws]).values_list("pk", flat=True))
    for each in draws:
        lot = each.purchase
        if lot.pk not in usable:
            raise BadPicks(f"{lot} cannot be picked: {_why_not(lot, project)}.", field=field_of(lot.pk))
        if each.credits > lot.credits_available:
            raise BadPicks(
                f"{lot} has {lot.credits_available:,} credits available, and {each.credits:,} more are picked.",
                field=field_of(lot.pk),
            )


def _why_not(lot: Any, project: Project) -> str:
    """The first reason why nothing of the lot can be picked."""
    if lot.account_id != project.account_id:
        return f"it was bought by {lot.account}"
    if lot.currency_id != project.currency_id:
        return f"its credits are in {lot.currency_id}, and the project is in {project.currency_id}"
    if lot.draft or not lot.credits_available:
        return "it is a draft" if lot.draft else "none of its credits is left"
    return f"its last usable day was {formats.day(lot.expires_on)}"


def _check_sum(milestone: Milestone, picked: int) -> None:
    needed = milestone.credits_needed or 0
    if picked != needed:
        raise BadPicks(
            f"The picks come to {formats.counted(picked, 'credits')}, and {milestone} needs {needed:,}: pick exactly what it "
            "needs."
        )
