"""How many credits will be available at the end of each coming month: pure functions over plain values."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from credits.planning import Need, PlannedLot, plan

DAY = datetime.timedelta(days=1)
Dated = list[tuple[datetime.date, int]]


@dataclass(frozen=True)
class Coming:
    """The days from `first` to `last`: credits that become usable, that milestones draw and that lapse in them, and what is
    available at the end of the last."""

    first: datetime.date
    last: datetime.date
    starting: int
    drawn: int
    lapsing: int
    available: int


@dataclass(frozen=True)
class Forecast:
    """`unfunded` tells of each need that will find too few credits how many are short on its day."""

    months: list[Coming]
    unfunded: dict[Any, int]


def forecast(
    lots: Sequence[PlannedLot], needs: Sequence[Need], today: datetime.date, ends: Iterable[datetime.date]
) -> Forecast:
    """Each need draws on its day, all or nothing, first to expire first; what nobody draws of a lot lapses on the day after
    its expiry. Needs and lots are of today or later."""
    planned, day_of = plan(lots, needs), {need.key: need.on for need in needs}
    drawn = [(day_of[draw.need], draw.credits) for draw in planned.draws]
    lapsing = [(lot.expires_on + DAY, planned.lapses.get(lot.key, 0)) for lot in lots]
    starting = [(lot.starts_on, lot.credits) for lot in lots if lot.starts_on > today]
    usable = sum(lot.credits for lot in lots if lot.starts_on <= today)
    return Forecast(list(_months(usable, starting, drawn, lapsing, today, ends)), planned.unfunded)


def _months(
    available: int, starting: Dated, drawn: Dated, lapsing: Dated, first: datetime.date, ends: Iterable[datetime.date]
) -> Iterator[Coming]:
    for last in ends:
        came, went, lapsed = (_within(dated, first, last) for dated in (starting, drawn, lapsing))
        available += came - went - lapsed
        yield Coming(first, last, came, went, lapsed, available)
        first = last + DAY


def _within(dated: Dated, first: datetime.date, last: datetime.date) -> int:
    return sum(credits for day, credits in dated if first <= day <= last)
