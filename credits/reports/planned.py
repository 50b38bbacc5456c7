"""What the planner tells of an account, in its own purchases and milestones."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from credits.models import Milestone, Purchase
from credits.planning import Plan
from ledger.models import Currency
from ledger.money import EXACT


class Drawn(NamedTuple):
    lot: Purchase
    credits: int


class Lapsing(NamedTuple):
    """A purchase, how many of its credits lapse unused and what was paid for them, and how many in the best plan."""

    lot: Purchase
    credits: int
    money: Decimal
    in_best: int


@dataclass(frozen=True)
class PlannedMilestone:
    """What a milestone still asks for, on which day, and how it is funded: as things stand, and in the best plan. A plan
    that does not fund it has no draws, and says how many credits are short."""

    milestone: Milestone
    on: datetime.date
    credits: int
    draws: tuple[Drawn, ...]
    short: int
    best_draws: tuple[Drawn, ...]
    best_short: int

    @property
    def changes(self) -> bool:
        return set(self.draws) != set(self.best_draws)


@dataclass(frozen=True)
class Advice:
    """One date to change: the expiry of a purchase or the target of a milestone, and what less lapses then."""

    subject: Purchase | Milestone
    was: datetime.date
    to: datetime.date
    credits: int
    money: Decimal


@dataclass(frozen=True)
class Sale:
    """The credits that a milestone is short of on its day, and what less lapses of the others when just these are sold."""

    milestone: Milestone
    on: datetime.date
    missing: int
    credits: int
    money: Decimal


@dataclass(frozen=True)
class CurrencyPlan:
    """Of one currency. `picked` is what the best plan saves only where its lots are picked by hand; `tried_all` whether
    every date that could save something was tried."""

    currency: Currency
    usual: Plan
    best: Plan
    picked: Decimal
    lapsing: tuple[Lapsing, ...]
    milestones: tuple[PlannedMilestone, ...]
    extend: tuple[Advice, ...]
    bring_forward: tuple[Advice, ...]
    sell: tuple[Sale, ...]
    tried_all: bool

    @property
    def saved_credits(self) -> int:
        return self.usual.lapsed_credits - self.best.lapsed_credits

    @property
    def saved_money(self) -> Decimal:
        return EXACT.subtract(self.usual.lapsed_money, self.best.lapsed_money)

    @property
    def changes(self) -> bool:
        return any(each.changes for each in self.milestones)


@dataclass(frozen=True)
class AccountPlan:
    """`undated`: open milestones that ask for credits and say not when."""

    on: datetime.date
    currencies: tuple[CurrencyPlan, ...]
    undated: tuple[Milestone, ...]

    def __bool__(self) -> bool:
        return bool(self.currencies or self.undated)
