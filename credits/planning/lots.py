"""What a plan is made of: lots of credits, needs of credits, and what is drawn for whom."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ledger.money import EXACT, ZERO, product

Key = str | int


@dataclass(frozen=True)
class PlannedLot:
    """Credits of one price, usable from `starts_on` to `expires_on`, both inclusive."""

    key: Key
    starts_on: datetime.date
    expires_on: datetime.date
    credits: int
    price: Decimal

    @property
    def order(self) -> tuple:
        """First to expire first, then the earlier start, then the key."""
        return self.expires_on, self.starts_on, self.key


@dataclass(frozen=True)
class Need:
    """A milestone that will ask for `credits` credits, one or more, on the day `on`: all of them or none."""

    key: Key
    on: datetime.date
    credits: int

    @property
    def order(self) -> tuple:
        return self.on, self.key


@dataclass(frozen=True)
class PlannedDraw:
    """`credits` from one lot for one need."""

    lot: Key
    need: Key
    credits: int


@dataclass(frozen=True)
class Plan:
    """What is drawn, and what is not.

    `unfunded` tells of each need that gets nothing how many credits it is short of, on top of what the funded needs
    take; `lapses` of each lot with a rest how many credits nobody draws. `exact` is False where a better plan may exist.
    """

    draws: tuple[PlannedDraw, ...]
    unfunded: dict[Key, int]
    lapses: dict[Key, int]
    lapsed_credits: int
    lapsed_money: Decimal
    exact: bool = True


def settled(
    lots: Iterable[PlannedLot], draws: Iterable[PlannedDraw], unfunded: dict[Key, int], *, exact: bool = True
) -> Plan:
    """The plan that these draws make; what they leave of the lots lapses."""
    draws, left = tuple(draws), {lot.key: lot.credits for lot in lots}
    for drawn in draws:
        left[drawn.lot] -= drawn.credits
    lapses = {key: credits for key, credits in left.items() if credits}
    money = total(product(lapses.get(lot.key, 0), lot.price) for lot in lots)
    return Plan(draws, unfunded, lapses, sum(lapses.values()), money, exact)


def by_day(needs: Iterable[Need]) -> list[Need]:
    return sorted(needs, key=lambda need: need.order)


def asked(needs: Iterable[Need]) -> int:
    """How many credits they ask for together."""
    return sum(need.credits for need in needs)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, never rounded."""
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result
