"""The statement of services credits of a customer: per currency the balance at the beginning, every movement of the period,
the balance at the end, and the lots that make it up.

Opening and closing balance are what `credits.reports.positions` says of the day before the period and of its last day; each
is the sum of its rows, to the credit.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from credits.reports.lifetimes import Dates, Lifetime, lifetimes, lots_of
from credits.reports.movements import Movement, movements
from credits.reports.positions import Position, Use, ends_of, positions
from ledger.models import Currency
from opportunities.models import Account

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """A movement, the expiry date of its lot, and the balance after it."""

    movement: Movement
    expires_on: datetime.date
    balance: int

    @property
    def credits_in(self) -> int:
        return max(0, self.movement.credits)

    @property
    def credits_out(self) -> int:
        return max(0, -self.movement.credits)


@dataclass(frozen=True)
class Section:
    """The credits of one currency: they pay for work in that currency alone."""

    currency: Currency
    opening: int
    rows: list[Row]
    closing: int
    lots: list[Position]

    @property
    def credits_in(self) -> int:
        return sum(row.credits_in for row in self.rows)

    @property
    def credits_out(self) -> int:
        return sum(row.credits_out for row in self.rows)

    @property
    def uses(self) -> list[tuple[Use, int]]:
        """What the closing balance consists of; the parts without credits are left out, but never all."""
        sums = [(use, sum(lot.credits for lot in self.lots if lot.use == use)) for use in Use]
        return [(use, credits) for use, credits in sums if credits or use == Use.USABLE]


@dataclass(frozen=True)
class Statement:
    account: Account
    first: datetime.date
    last: datetime.date
    sections: list[Section]

    def __bool__(self) -> bool:
        return bool(self.sections)


def statement(account: Account, *, first: datetime.date, last: datetime.date) -> Statement:
    """From the first to the last day, both included; currencies with neither a balance nor a movement are left out. The
    number of queries does not grow with the rows."""
    lives = lifetimes(lots_of(account))
    held = positions(account, lives, (first - DAY, last))
    moved, dates = movements(account, lives, first, last), _dates(lives, last)
    lots = {each.currency for each in (*held[first - DAY], *held[last])}
    codes = sorted(lots | {each.currency for each in moved})
    currencies = Currency.objects.in_bulk(codes)
    sections = [
        _section(currencies[code], _of(held[first - DAY], code), _of(moved, code), _of(held[last], code), dates)
        for code in codes
    ]
    return Statement(account, first, last, sections)


def _section(
    currency: Currency,
    before: list[Position],
    moved: list[Movement],
    lots: list[Position],
    dates: dict[int, Dates],
) -> Section:
    opening = sum(lot.credits for lot in before)
    balances = list(accumulate((each.credits for each in moved), initial=opening))
    rows = [
        Row(each, dates[each.lot.pk].expires_on, balance) for each, balance in zip(moved, balances[1:], strict=True)
    ]
    return Section(currency, opening, rows, balances[-1], lots)


def _of(found: Iterable, currency: str) -> list:
    return [each for each in found if each.currency == currency]


def _dates(lives: list[Lifetime], last: datetime.date) -> dict[int, Dates]:
    """The dates of each lot as they stood at the end of the last day, one for all its rows."""
    (end,) = ends_of([last])
    begun = [life for life in lives if life.since <= last]
    return {life.lot.pk: life.dates_at(end) for life in (*lives, *begun)}
