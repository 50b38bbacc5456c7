"""The plan with one day changed, and what it saves."""

import datetime
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from credits.planning.lots import Key, Need, PlannedLot, by_day, total
from credits.planning.shelf import Shelf
from ledger.money import EXACT, ZERO, product


@dataclass(frozen=True)
class Saving:
    """What lapses less when the lot or the need `key` gets the day `to` instead of `was`."""

    key: Key
    was: datetime.date
    to: datetime.date
    credits: int
    money: Decimal


@dataclass(frozen=True)
class TopUp:
    """What lapses less of the lots there are when the need `key`, short of `bought` credits, gets just these besides."""

    key: Key
    on: datetime.date
    bought: int
    credits: int
    money: Decimal


class Trials:
    """Tries changes until its effort is spent; `exact` as long as every one that was asked for was tried."""

    def __init__(self, lots: Sequence[PlannedLot], needs: Iterable[Need], effort: int) -> None:
        self.lots, self.needs = lots, by_day(needs)
        self.prices = {lot.key: lot.price for lot in lots}
        self.effort, self.exact = effort, True
        shelf = Shelf(lots)
        self.found_by: list[Shelf] = []  # the lots as each need finds them
        for need in self.needs:
            self.found_by.append(shelf.copy())
            shelf.serve([need])
        self.lapses = {key: credits for key, credits in shelf.rest().items() if credits}
        self.money = self.worth(self.lapses)

    def extended(self, lot: PlannedLot, to: datetime.date) -> Shelf:
        """The lots at the end of the plan in which `lot` expires on `to`."""
        shelf = Shelf(replace(lot, expires_on=to) if each is lot else each for each in self.lots)
        shelf.serve(self.needs)
        return shelf

    def pulled(self, need: Need, to: datetime.date) -> Shelf:
        """The lots at the end of the plan in which `need` comes earlier, on `to`. What comes before that stays."""
        earlier = replace(need, on=to)
        place = bisect_left(self.needs, earlier.order, key=lambda each: each.order)
        shelf = self.found_by[place].copy()
        shelf.serve([earlier, *(each for each in self.needs[place:] if each is not need)])
        return shelf

    def topped_up(self, need: Need) -> TopUp | None:
        """With `need`, which is short, taking all there is on its day, and the rest from elsewhere."""
        place = bisect_left(self.needs, need.order, key=lambda each: each.order)
        shelf = self.found_by[place].copy()
        there = shelf.turn_to(need.on)
        shelf.take(there)
        shelf.serve(self.needs[place + 1 :])
        credits, money = self.saved(shelf.rest(), 0)
        costs = credits < 0 or money < 0
        saves = not costs and bool(credits or money)
        return TopUp(need.key, need.on, need.credits - there, credits, money) if saves else None

    def most_saved(
        self, key: Key, was: datetime.date, days: Iterable[datetime.date], end_with: Callable[[datetime.date], Shelf]
    ) -> Saving | None:
        """The day that saves most credits, then most money, and costs neither: the first of equals."""
        best = Saving(key, was, was, 0, ZERO)
        for day in days:
            if self.effort <= 0:
                self.exact = False
                break
            self.effort -= len(self.lots) + len(self.needs)
            credits, money = self.saved(end_with(day).rest(), best.credits)
            if money >= 0 and (credits, money) > (best.credits, best.money):
                best = Saving(key, was, day, credits, money)
        return best if best.to != was else None

    def saved(self, rest: dict[Key, int], least: int) -> tuple[int, Decimal]:
        """Credits and money; money is not worked out for fewer than `least` credits."""
        credits = sum(self.lapses.values()) - sum(rest.values())
        return credits, EXACT.subtract(self.money, self.worth(rest)) if credits >= least else ZERO

    def worth(self, rest: dict[Key, int]) -> Decimal:
        return total(product(credits, self.prices[key]) for key, credits in rest.items() if credits)
