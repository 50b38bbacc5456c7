"""Contract deferrals: the net amount of a billing period in parts, one for each calendar month that it touches.

Partial first and last months take theirs by days of the whole period; whole months share the rest equally. The parts are cut
cumulatively, so that none is negative and each is within one minor unit of its exact share. Business Central's own way is
there for those who continue its schedules: partial lines rounded first, equal months rounded, and the last line takes the
rest, which may be negative; a partial first month makes the last one count by days too. Pure arithmetic, no dates of today.
"""

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.money import EXACT, ZERO

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """What of a billing period falls into one calendar month, both days included."""

    starts_on: datetime.date
    ends_on: datetime.date
    amount: Decimal

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


def schedule(
    net: Decimal, starts_on: datetime.date, ends_on: datetime.date, *, decimals: int, by_equal_months: bool = False
) -> list[Part]:
    """The parts of `net`, which together are `net`. `by_equal_months`: as Business Central cuts them. Refused (ValueError): a
    period that ends before it starts."""
    if ends_on < starts_on:
        raise ValueError(f"The period ends on {ends_on}, before it starts on {starts_on}.")
    months = _months(starts_on, ends_on)
    cut = _equal_months if by_equal_months else _cumulative
    amounts = cut(net, months, decimals)
    return [Part(first, last, amount) for (first, last), amount in zip(months, amounts, strict=True)]


Month = tuple[datetime.date, datetime.date]


def _months(starts_on: datetime.date, ends_on: datetime.date) -> list[Month]:
    months, first = [], starts_on
    while first <= ends_on:
        last = min(ends_on, first.replace(day=calendar.monthrange(first.year, first.month)[1]))
        months.append((first, last))
        first = last + DAY
    return months


def _is_whole(month: Month) -> bool:
    first, last = month
    return first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]


def _days(month: Month) -> int:
    return (month[1] - month[0]).days + 1


def _cumulative(net: Decimal, months: Sequence[Month], decimals: int) -> list[Decimal]:
    total = sum(map(_days, months))
    partial = [Fraction(_days(month), total) if not _is_whole(month) else None for month in months]
    known = [share for share in partial if share is not None]
    whole = len(months) - len(known)
    equal = (1 - sum(known, Fraction(0))) / whole if whole else Fraction(0)
    amounts, reached, given = [], Fraction(0), ZERO
    for share in partial:
        reached += equal if share is None else share
        level = _rounded(Fraction(net) * reached, decimals)
        amounts.append(level - given)
        given = level
    return amounts


def _equal_months(net: Decimal, months: Sequence[Month], decimals: int) -> list[Decimal]:
    total = sum(map(_days, months))
    first_is_partial, last = not _is_whole(months[0]), len(months) - 1
    by_days = {place for place, month in enumerate(months) if not _is_whole(month)}
    if first_is_partial:
        by_days.add(last)
    amounts: dict[int, Decimal] = {
        place: _rounded(Fraction(net) * Fraction(_days(months[place]), total), decimals) for place in by_days
    }
    rest = net - sum(amounts.values(), ZERO)
    equal = [place for place in range(len(months)) if place not in by_days]
    amounts |= {place: _rounded(Fraction(rest) / len(equal), decimals) for place in equal}
    amounts[last] = net - sum((amounts[place] for place in range(last)), ZERO)
    return [amounts[place] for place in range(len(months))]


def _rounded(value: Fraction, decimals: int) -> Decimal:
    """Half away from zero."""
    sign, scaled = (-1 if value < 0 else 1), abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(sign * whole).scaleb(-decimals, context=EXACT)
