"""A lot as the posting rules tell it: what of its money has left the deferral when so many of its credits are gone. Standard
library only. Amounts are whole numbers of minor units.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

CONSUMED, EXPIRED, REFUNDED = "consumed", "expired", "refunded"


@dataclass(frozen=True)
class Terms:
    """What a purchase said when it was confirmed."""

    currency: str
    purchased_on: datetime.date
    starts_on: datetime.date
    expires_on: datetime.date
    number: int
    price: Decimal
    product_group: str
    business_group: str
    dimensions: dict[str, str]


class Money(NamedTuple):
    """An amount in the lot's currency and in LCY."""

    own: int = 0
    lcy: int = 0

    def plus(self, other: "Money") -> "Money":
        return Money(self.own + other.own, self.lcy + other.lcy)

    @property
    def taken_back(self) -> "Money":
        return Money(-self.own, -self.lcy)


NOTHING = Money()


class Part(NamedTuple):
    """Units of a lot that left together, the amounts that went with them, and what was recognised ahead of the rest."""

    lot: "Lot"
    units: int
    amount: Money
    ahead: Money = NOTHING


@dataclass
class Lot:
    """One purchase: what was sold, and what has left it. `out` left with the units that are gone; `ahead` is breakage
    expected of credits that are still there, `rate` the percentage of them expected to stay unused."""

    id: int
    draft: bool = True
    confirmations: int = 0
    terms: Terms | None = None
    total: Money = NOTHING
    rate_of_exchange: Decimal | None = None
    deferral: str | None = None
    confirmed_at: datetime.datetime | None = None
    dates: list[tuple[datetime.datetime, datetime.date, datetime.date]] | None = None
    allocated: int = 0
    gone: int = 0
    consumed: int = 0
    expired: int = 0
    refunded: int = 0
    out: Money = NOTHING
    ahead: Money = NOTHING
    rate: Decimal = Decimal(0)

    @property
    def key(self) -> str:
        return f"purchase:{self.id}"

    def renegotiate(self, starts_on: datetime.date, expires_on: datetime.date, at: datetime.datetime) -> None:
        """Other dates, unless the lot was confirmed anew since."""
        if self.confirmed_at and at > self.confirmed_at:
            self.dates = [*(self.dates or []), (at, starts_on, expires_on)]

    def dates_at(self, at: datetime.datetime | None = None) -> tuple[datetime.date | None, datetime.date | None]:
        """Start and expiry at a moment; without one, as they are now."""
        assert self.terms
        known = [dates[1:] for dates in self.dates or [] if at is None or dates[0] < at]
        return known[-1] if known else (self.terms.starts_on, self.terms.expires_on)

    def take(self, units: int, cause: str) -> Part:
        """Units leave; what goes with them is cut cumulatively, in both currencies, and never below what went before."""
        assert self.terms
        self._count(units, cause)
        level = Money(
            *(
                max(out, cut(total, self.gone, self.terms.number))
                for total, out in zip(self.total, self.out, strict=True)
            )
        )
        return Part(self, units, self._go_to(level), self._catch_up())

    def give_back(self, units: int, held: int, amount: Money) -> Part:
        """Of `held` units that left with `amount`, some come back with their share of it, cut the same way."""
        self._count(-units, CONSUMED)
        share = Money(*(cut(whole, held - units, held) - whole for whole in amount))
        return Part(self, -units, self._go_to(self.out.plus(share)), self._catch_up())

    def undo(self, part: Part, cause: str) -> None:
        """What a part took comes back as it went."""
        self._count(-part.units, cause)
        self.out = self.out.plus(part.amount.taken_back)
        self.ahead = self.ahead.plus(part.ahead.taken_back)

    def expect(self, rate: Decimal) -> Part:
        """Another percentage is expected to stay unused, or what is recognised ahead catches up."""
        self.rate = rate
        return Part(self, 0, NOTHING, self._catch_up())

    def _count(self, units: int, cause: str) -> None:
        self.gone += units
        setattr(self, cause, getattr(self, cause) + units)

    def _go_to(self, level: Money) -> Money:
        before, self.out = self.out, level
        return level.plus(before.taken_back)

    def _catch_up(self) -> Money:
        assert self.terms
        reached = [expected(total, self, self.terms.number) for total in self.total]
        wanted = Money(*(max(0, level - out) for level, out in zip(reached, self.out, strict=True)))
        before, self.ahead = self.ahead, wanted
        return wanted.plus(before.taken_back)


def cut(total: int, units: int | Fraction, whole: int) -> int:
    """R(k): what `units` of `whole` are worth together, rounded half up."""
    return total if units >= whole else int(total * Fraction(units) / whole + Fraction(1, 2))


def expected(total: int, lot: Lot, whole: int) -> int:
    """What has left the deferral where a share of the credits stays unused: in proportion to those that are used, at least
    what is gone, at most all."""
    used = Fraction(lot.consumed) / (1 - Fraction(lot.rate) / 100)
    return cut(total, max(used + lot.refunded, Fraction(lot.gone)), whole)
