"""What of a commitment is to be billed: the days that no invoice bills, cut at the ends of its rhythm, at changes of its
price, and at what is billed already. Pure arithmetic; it can leave no gap and bill no day twice."""

import datetime
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prepaid.periods import DAY, Period, Term, number_of, period


@dataclass(frozen=True)
class Rhythm:
    """How a commitment is billed: periods of `term` counted from `anchor`, from its first day to its last, if it has one."""

    term: Term
    anchor: datetime.date
    starts_on: datetime.date
    ends_on: datetime.date | None = None


def due_periods(
    rhythm: Rhythm,
    billed: Iterable[Period],
    price_changes: Iterable[datetime.date],
    until: datetime.date,
    *,
    at_most: int | None = None,
) -> list[Period]:
    """The periods to be billed that begin by `until`, in their order; the first ones, `at_most` so many."""
    kept = sorted(billed, key=lambda each: each.starts_on)
    changes = sorted(price_changes)
    last = rhythm.ends_on or datetime.date.max
    found: list[Period] = []
    day, place = rhythm.starts_on, 0
    while day <= min(until, last) and len(found) != at_most:
        while place < len(kept) and kept[place].ends_on < day:
            place += 1
        following = kept[place] if place < len(kept) else None
        if following is not None and following.starts_on <= day:
            end = following.ends_on
        else:
            end = min(_end_of_rhythm(rhythm, day), last, *_days_before(following, changes, day))
            found.append(Period(day, end))
        if end == datetime.date.max:
            break
        day = end + DAY
    return found


def _end_of_rhythm(rhythm: Rhythm, day: datetime.date) -> datetime.date:
    return period(rhythm.anchor, rhythm.term, number_of(rhythm.anchor, rhythm.term, day)).ends_on


def _days_before(
    following: Period | None, changes: Sequence[datetime.date], day: datetime.date
) -> Iterable[datetime.date]:
    """The days on which a period from `day` on has to end: before the next billed one, before the next change of price."""
    if following is not None:
        yield following.starts_on - DAY
    if (place := bisect_right(changes, day)) < len(changes):
        yield changes[place] - DAY
