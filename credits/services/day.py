"""The day of an allocation: today, or an earlier one for what is entered late.

Every trail, read day by day, stays one that could have happened: a lot never held less than nothing, no credit was drawn
before it was bought, and the rows of a milestone follow each other.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Max, Sum

from credits.drawing import Draw
from credits.exceptions import BadDay
from credits.models import Cancellation, Consumption, Milestone, Purchase
from ledger.dates import business_date
from pages import formats


def day_of_allocation(on: datetime.date | None, today: datetime.date | None = None) -> datetime.date:
    """The day asked for, else today. Another `today` than the business date is for a migration as of that day. Refused
    (BadDay): a day in the future."""
    today = today or business_date()
    on = on or today
    if on > today:
        raise BadDay(
            f"{formats.day(on)} is in the future: allocate as of today, {formats.day(today)}, or of an earlier day."
        )
    return on


def check_day(milestones: Collection[Milestone], draws: Iterable[Draw], on: datetime.date) -> None:
    """Before the draws are written, by whoever holds the locks. Refused (BadDay): a day before a purchase that is drawn from,
    before the last change of a milestone's credits, or on which a lot had fewer credits left than are drawn."""
    drawn: Counter[Purchase] = Counter()
    for each in draws:
        drawn[each.purchase] += each.credits
    drawn = +drawn  # what is given back was there to give: its milestone drew it before
    _check_bought(drawn, on)
    if on < business_date():
        _check_milestones(milestones, on)
        _check_left(drawn, on)


def _check_bought(drawn: Iterable[Purchase], on: datetime.date) -> None:
    latest = max(drawn, key=lambda lot: lot.purchased_on, default=None)
    if latest and latest.purchased_on > on:
        raise BadDay(
            f"{latest}, which would be drawn from, was bought on {formats.day(latest.purchased_on)}: choose that day or a "
            "later one."
        )


def _check_milestones(milestones: Collection[Milestone], on: datetime.date) -> None:
    later = Consumption.objects.filter(milestone__in=milestones, consumed_on__gt=on).order_by()
    last = later.values_list("milestone__number").annotate(last=Max("consumed_on")).order_by("-last").first()
    if last:
        raise BadDay(
            f"The credits of {last[0]} were last changed on {formats.day(last[1])}: choose that day or a later one."
        )


def _check_left(drawn: Mapping[Purchase, int], on: datetime.date) -> None:
    """From today back to the day: what came back into a lot since then was not in it."""
    changes = _changes_since(drawn, on)
    left = dict(Purchase.objects.filter(pk__in=changes).values_list("pk", "credits_available"))
    for lot, credits in drawn.items():
        for day, taken in sorted(changes.get(lot.pk, {}).items(), reverse=True):
            left[lot.pk] += taken
            if left[lot.pk] < credits:
                raise BadDay(
                    f"{credits:,} credits would be drawn from {lot}, which had {left[lot.pk]:,} left before "
                    f"{formats.day(day)}: choose that day or a later one."
                )


def _changes_since(lots: Iterable[Purchase], on: datetime.date) -> dict[int, Counter[datetime.date]]:
    """What was taken out of each lot on each later day, below zero where credits came back."""
    keys = [lot.pk for lot in lots]
    consumed = Consumption.objects.filter(purchase__in=keys, consumed_on__gt=on).values_list("purchase", "consumed_on")
    canceled = Cancellation.objects.filter(purchase__in=keys, canceled_on__gt=on).values_list("purchase", "canceled_on")
    found: dict[int, Counter[datetime.date]] = defaultdict(Counter)
    for rows in (consumed, canceled):
        for lot, day, taken in rows.annotate(taken=Sum("credits")).order_by():
            found[lot][day] += taken
    return found
