"""What a customer held at the end of a day: the balance, lot by lot, told by the stored rows.

The balance on a day is the credits of the lots that were confirmed, less what was consumed, expired and refunded up to that
day. It is usable, not started or past its expiry, by the dates that the lots had then and whatever the setup says of credits
past their expiry; those stay in the balance until they expire.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Model, Q, Sum

from credits.models import Cancellation, Consumption, Purchase
from credits.reports.lifetimes import Lifetime
from ledger.dates import company_time_zone
from opportunities.models import Account


class Use(StrEnum):
    """Whether credits can be drawn on the day."""

    USABLE = "Available"
    NOT_STARTED = "Not started"
    PAST_EXPIRY = "Past expiry"


@dataclass(frozen=True)
class Position:
    """What was left of a lot at the end of a day, with its dates as they were then."""

    lot: Purchase
    currency: str
    credits: int
    starts_on: datetime.date
    expires_on: datetime.date
    use: Use


def positions(
    account: Account, lives: Sequence[Lifetime], days: Sequence[datetime.date]
) -> dict[datetime.date, list[Position]]:
    """At the end of each of the days, the lots with credits left, first to expire first. One query for each kind of row."""
    drawn, none, found = _drawn(account, days), [0] * len(days), {}
    for place, (day, end) in enumerate(zip(days, ends_of(days), strict=True)):
        counting = ((life, life.credits - drawn.get(life.lot.pk, none)[place]) for life in lives if life.counts_on(day))
        found[day] = sorted((_position(life, left, day, end) for life, left in counting if left), key=_drawing_order)
    return found


def ends_of(days: Iterable[datetime.date]) -> list[datetime.datetime]:
    """The instants at which the days end for the company, which is asked for its zone once."""
    zone = company_time_zone()
    return [datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min, zone) for day in days]


def _position(life: Lifetime, left: int, day: datetime.date, end: datetime.datetime) -> Position:
    starts_on, expires_on, _ = life.dates_at(end)
    use = Use.NOT_STARTED if day < starts_on else Use.PAST_EXPIRY if expires_on < day else Use.USABLE
    return Position(life.lot, life.currency, left, starts_on, expires_on, use)


def _drawing_order(position: Position) -> tuple:
    lot = position.lot
    return position.expires_on, position.starts_on, lot.purchased_on, lot.number


# What takes credits out of lots, below zero gives them back: the rows, and their day.
DRAWN: tuple[tuple[type[Model], str], ...] = (
    (Consumption, "consumed_on"),
    (Cancellation, "canceled_on"),
)


def _drawn(account: Account, days: Sequence[datetime.date]) -> dict[int, list[int]]:
    """Of each lot from which anything was drawn, how many credits had left it by the end of each of the days."""
    found: dict[int, list[int]] = {}
    for model, dated in DRAWN:
        sums = {f"d{at}": Sum("credits", filter=Q(**{f"{dated}__lte": day}), default=0) for at, day in enumerate(days)}
        rows = model._default_manager.filter(purchase__account=account).order_by().values("purchase").annotate(**sums)
        for lot, *credits in rows.values_list("purchase", *sums):
            before = found.get(lot, [0] * len(days))
            found[lot] = [int(one) + other for one, other in zip(credits, before, strict=True)]
    return found
