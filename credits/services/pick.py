"""Manual allocation: whoever allocates picks the lots, where the setup allows it.

Books: as for every allocation (`consume`). A lot may be picked before its start date; never a draft, and never another
customer's or another currency's.
"""

import datetime
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from credits.drawing import Draw
from credits.exceptions import BadPicks
from credits.models import Allocation, CreditsSetup, Milestone, Purchase
from credits.services.allocate import lock_milestone, refusal_to_allocate
from credits.services.consume import consume
from ledger.dates import business_date
from opportunities.models import Project
from pages.refusals import Refused


@transaction.atomic
def allocate_by_hand(
    milestone: Milestone, picks: Mapping[int, int], *, actor, on: datetime.date | None = None
) -> Allocation | None:
    """Makes `picks` (credits by the id of the purchase) what the milestone holds: more is drawn, and what is not picked any
    more is given back. Together they are what the milestone needs.

    Refused (BadPicks): a setup without manual allocation; a sum other than the need; a lot that cannot be picked, or more of
    it than it has. Refused too: NotForCredits, AlreadyCompleted.
    """
    milestone = lock_milestone(milestone)
    if refusal := refusal_to_pick() or refusal_to_allocate(milestone):
        raise refusal
    on = on or business_date()
    held = dict(milestone.consumptions.net_by_lot().values_list("purchase", "net"))
    _check_sum(milestone, picks)
    lots = Purchase.objects.in_bulk({*picks, *held})
    draws = [
        Draw(lots[pk], picks.get(pk, 0) - held.get(pk, 0)) for pk in sorted(lots) if picks.get(pk, 0) != held.get(pk, 0)
    ]
    _check_lots(milestone, draws, picks, on)
    return consume(milestone, draws, actor=actor, on=on) if draws else Allocation.objects.get(milestone=milestone)


def pickable(project: Project, on: datetime.date) -> QuerySet[Purchase]:
    """The lots that may be picked on the day `on`: as for every allocation, but for the start date."""
    lots = Purchase.objects.filter(account=project.account_id, currency=project.currency_id).with_credits_left()
    past_expiry = CreditsSetup.current().allocate_past_expiry
    return (lots if past_expiry else lots.filter(expires_on__gte=on)).in_drawing_order()


def refusal_to_pick() -> Refused | None:
    """Why nobody picks lots by hand here."""
    if CreditsSetup.current().manual_allocation:
        return None
    return BadPicks("Manual allocation is not enabled in the services credits setup.")


def _check_sum(milestone: Milestone, picks: Mapping[int, int]) -> None:
    for pk, credits in picks.items():
        if credits < 0:
            raise BadPicks(f"{credits:,} credits: enter zero or more.", field=f"lot-{pk}")
    picked, needed = sum(picks.values()), milestone.credits_needed or 0
    if picked != needed:
        raise BadPicks(f"{picked:,} credits are picked and {milestone} needs {needed:,}: pick exactly what it needs.")


def _check_lots(milestone: Milestone, draws: list[Draw], picks: Mapping[int, int], on: datetime.date) -> None:
    drawn = {d.purchase.pk: d for d in draws if d.credits > 0}
    usable = set(pickable(milestone.project, on).filter(pk__in=drawn).values_list("pk", flat=True))
    for pk in picks:
        each = drawn.get(pk)
        if each is None:
            continue
        if pk not in usable:
            raise BadPicks(f"Nothing of {each.purchase} can be picked for {milestone}.", field=f"lot-{pk}")
        if each.credits > each.purchase.credits_available:
            left = f"{each.purchase} has {each.purchase.credits_available:,} credits available"
            raise BadPicks(f"{left}, {each.credits:,} more are picked.", field=f"lot-{pk}")
