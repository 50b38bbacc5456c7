"""What of a commitment is to be billed: the days that no invoice bills, cut at the ends of its rhythm, at changes of its
price, and at what is billed already. Pure arithmetic; it can leave no gap and bill no day twice."""

import datetime
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
    rhythm: Rhythm, billed: Iterable[Period], price_changes: Iterable[datetime.date], until: datetime.date
) -> list[Period]:
    """The periods to be billed that begin by `until`, in their order."""
    kept = sorted(billed, key=lambda each: each.starts_on)
    changes = sorted(price_changes)
    last = rhythm.ends_on or datetime.date.max
    found, day = [], rhythm.starts_on
    while day <= min(until, last):
        if (billed_to := _billed_to(kept, day)) is not None:
            if billed_to == datetime.date.max:
                break
            day = billed_to + DAY
            continue
        end = min(_end_of_rhythm(rhythm, day), last, *_days_before(kept, changes, day))
        found.append(Period(day, end))
        if end == datetime.date.max:
            break
        day = end + DAY
    return found


def _billed_to(kept: Sequence[Period], day: datetime.date) -> datetime.date | None:
    return next((each.ends_on for each in kept if each.starts_on <= day <= each.ends_on), None)


def _end_of_rhythm(rhythm: Rhythm, day: datetime.date) -> datetime.date:
    return period(rhythm.anchor, rhythm.term, number_of(rhythm.anchor, rhythm.term, day)).ends_on


def _days_before(
    kept: Sequence[Period], changes: Sequence[datetime.date], day: datetime.date
) -> Iterable[datetime.date]:
    """The days on which a period from `day` on has to end: before the next billed one, before the next change of price."""
    starts = [each.starts_on for each in kept if each.starts_on > day] + [change for change in changes if change > day]
    return [start - DAY for start in starts]
