"""Lots, milestones and money as the design tells them, in whole numbers of minor units. Standard library only."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

DAY = timedelta(days=1)


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def parts_of(total: int, credits: int) -> list[tuple[int, int]]:
    """A line split to the minor unit: (credits, price), the dearer ones first."""
    low, dearer = divmod(total, credits)
    return [(number, price) for number, price in ((dearer, low + 1), (credits - dearer, low)) if number]


class Moved(NamedTuple):
    """Units that left a lot, what was paid for them, and what was recognised ahead of the rest; each in both currencies."""

    units: int
    amount: int
    lcy: int
    ahead: int = 0
    ahead_lcy: int = 0


class Lapse(NamedTuple):
    moved: Moved
    contra: str


@dataclass
class Lot:
    name: str
    currency: str
    number: int
    paid: int
    rate: Fraction
    bought: date
    starts: date
    expires: date
    line: str = ""  # of an opportunity
    draft: bool = True
    confirmed: bool = False  # now, or once
    held: dict[str, int] = field(default_factory=dict)  # milestone: credits
    used: bool = False  # has any consumption or refund, even one given back
    given_back: date = date.min  # last
    lapses: list[Lapse] = field(default_factory=list)  # that stand
    earned: int = 0
    refunded: int = 0
    out: int = 0  # what left the deferral with the units that are gone
    out_lcy: int = 0
    unused: Fraction = Fraction(0)  # share of the credits that is expected to stay unused
    ahead: int = 0  # breakage recognised of credits that are still there
    ahead_lcy: int = 0

    @property
    def lapsed(self) -> int:
        return sum(lapse.moved.units for lapse in self.lapses)

    @property
    def free(self) -> int:
        return self.number - sum(self.held.values()) - self.lapsed - self.refunded

    @property
    def gone(self) -> int:
        return self.earned + self.lapsed + self.refunded

    @property
    def total(self) -> int:
        return self.number * self.paid

    @property
    def total_lcy(self) -> int:
        return half_up(self.total * self.rate)

    def order(self) -> tuple:
        return self.expires, self.starts, self.bought, self.name

    def leave(self, units: int, gone: int, earned: int, refunded: int) -> Moved:
        """What leaves with units after which so many are gone: cut cumulatively, never less than went before."""
        share = Fraction(gone, self.number)
        return self.go(units, max(self.out, half_up(self.total * share)), max(self.out_lcy, half_up(self.total_lcy * share)),
                       gone, earned, refunded)  # fmt: skip

    def give_back(self, units: int, held: Moved) -> Moved:
        """Of what a milestone recognised, the share of the units that it gives back."""
        left = Fraction(held.units - units, held.units)
        return self.go(-units, self.out - held.amount + half_up(held.amount * left),
                       self.out_lcy - held.lcy + half_up(held.lcy * left),
                       self.gone - units, self.earned - units, self.refunded)  # fmt: skip

    def undo(self, moved: Moved, gone: int, earned: int) -> Moved:
        """What came with these units goes back as it came; what is ahead of the rest then catches up."""
        return self.go(-moved.units, self.out - moved.amount, self.out_lcy - moved.lcy, gone, earned, self.refunded)

    def go(self, units: int, out: int, out_lcy: int, gone: int, earned: int, refunded: int) -> Moved:
        before = self.out, self.out_lcy, self.ahead, self.ahead_lcy
        self.out, self.out_lcy = out, out_lcy
        self.ahead = max(0, self.reached(self.total, gone, earned, refunded) - out)
        self.ahead_lcy = max(0, self.reached(self.total_lcy, gone, earned, refunded) - out_lcy)
        after = self.out, self.out_lcy, self.ahead, self.ahead_lcy
        return Moved(units, *(now - then for now, then in zip(after, before, strict=True)))

    def reached(self, total: int, gone: int, earned: int, refunded: int) -> int:
        """In proportion to what is used of what is expected to be used; at least what is gone, at most all."""
        units = max(earned / (1 - self.unused) + refunded, Fraction(gone))
        return half_up(total * min(units / self.number, Fraction(1)))


@dataclass
class Milestone:
    name: str
    currency: str
    needed: int
    recognise: str = ""  # as the setup said when its credits were first allocated
    recognised: dict[str, Moved] = field(default_factory=dict)  # on allocation, by lot
    done_on: date | None = None
    completed_as: int = 0  # which completion of the company this is, to settle the order within a day
    earned_on: date | None = None
    earned: list[tuple[Lot, Moved]] | None = None
