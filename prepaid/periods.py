"""Periods of a service commitment: counted from one anchor, never chained, so that a commitment from the 31st is on the last
day of a short month and on the 31st again after it.

A period is a single term such as `1M`, `1Q`, `1Y`, `2W` or `30D`. Pure arithmetic.
"""

import calendar
import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.money import EXACT

DAY = datetime.timedelta(days=1)
IN_MONTHS = {"M": 1, "Q": 3, "Y": 12}
IN_DAYS = {"D": 1, "W": 7}
TERM = re.compile(r"([1-9][0-9]{0,3})([DWMQY])", re.ASCII)
A_HUNDRED_YEARS = {"D": 9999, "W": 5200, "M": 1200, "Q": 400, "Y": 100}


class BadTerm(ValueError):
    """What is no single term, or leads out of the calendar."""


@dataclass(frozen=True)
class Term:
    """A length of time in months or in days."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Term":
        found = TERM.fullmatch("".join(text.split()).upper())
        if found is None:
            raise BadTerm(f"“{text}” is no period: enter one term, such as 1M, 1Q, 1Y, 2W or 30D.")
        count, unit = int(found[1]), found[2]
        if count > A_HUNDRED_YEARS[unit]:
            raise BadTerm(f"“{text}” is too long: at most {A_HUNDRED_YEARS[unit]}{unit}, a hundred years.")
        return cls(months=count * IN_MONTHS[unit]) if unit in IN_MONTHS else cls(days=count * IN_DAYS[unit])

    def times(self, other: "Term") -> int | None:
        """How many of `other` it is, exactly; nothing where it is not a whole multiple."""
        if self.months and other.months and self.months % other.months == 0:
            return self.months // other.months
        if self.days and other.days and self.days % other.days == 0:
            return self.days // other.days
        return None

    def after(self, anchor: datetime.date, count: int) -> datetime.date:
        """The day so many terms after the anchor, cut to the end of a short month. Refused (BadTerm): a year past 9999."""
        try:
            if self.days:
                return anchor + datetime.timedelta(days=self.days * count)
            year, month = divmod(anchor.year * 12 + anchor.month - 1 + self.months * count, 12)
            return anchor.replace(
                year=year, month=month + 1, day=min(anchor.day, calendar.monthrange(year, month + 1)[1])
            )
        except (ValueError, OverflowError) as error:
            raise BadTerm("The period leaves the calendar, which ends with the year 9999.") from error


@dataclass(frozen=True)
class Period:
    """Both days included."""

    starts_on: datetime.date
    ends_on: datetime.date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


def period(anchor: datetime.date, term: Term, number: int) -> Period:
    """The period of that number, from 0 on."""
    return Period(term.after(anchor, number), term.after(anchor, number + 1) - DAY)


def number_of(anchor: datetime.date, term: Term, day: datetime.date) -> int:
    """The number of the period that holds the day, which is on or after the anchor."""
    if day < anchor:
        raise BadTerm(f"{day} lies before the first period, which starts on {anchor}.")
    if term.days:
        return (day - anchor).days // term.days
    number = max(0, ((day.year - anchor.year) * 12 + day.month - anchor.month) // term.months)
    return number if term.after(anchor, number) <= day else number - 1


def price_of(
    price: Decimal,
    anchor: datetime.date,
    base: Term,
    rhythm: Term,
    starts_on: datetime.date,
    ends_on: datetime.date,
    *,
    decimals: int,
) -> Decimal:
    """What the days from `starts_on` to `ends_on` cost, at `price` for each base period, half up: whole base periods,
    rounded once together; of one that is cut, what it costs up to the last of the days less what it costs before the first,
    each rounded, so that the parts of a base period come to its price exactly, however it is cut."""
    first, last = number_of(anchor, base, starts_on), number_of(anchor, base, ends_on)
    whole, minor = last - first + 1, 0
    for number in {first, last}:
        each = period(anchor, base, number)
        start, end = max(each.starts_on, starts_on), min(each.ends_on, ends_on)
        if (start, end) != (each.starts_on, each.ends_on):
            before, after = (share_before(anchor, base, rhythm, number, day) for day in (start, end + DAY))
            minor += _minor(price, after, decimals) - _minor(price, before, decimals)
            whole -= 1
    minor += _minor(price, Fraction(whole), decimals)
    return Decimal(minor).scaleb(-decimals, context=EXACT)


def share_before(anchor: datetime.date, base: Term, rhythm: Term, number: int, day: datetime.date) -> Fraction:
    """How much of the base period of that number lies before the day, which is one of it or the first after it. Its steps
    weigh alike: the periods of the rhythm, where they divide it, or else itself; a part of a step counts by its days."""
    count = base.times(rhythm)
    step, count = (rhythm, count) if count else (base, 1)
    place = number_of(anchor, step, day)
    held = period(anchor, step, place)
    return (place - number * count + Fraction((day - held.starts_on).days, held.days)) / count


def _minor(price: Decimal, share: Fraction, decimals: int) -> int:
    """In minor units, half up."""
    scaled = Fraction(price) * share * 10**decimals
    return (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
