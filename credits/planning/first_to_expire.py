"""The plan that follows the product: each need on its day, from the lots of that day, first to expire first."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from credits.planning.lots import Key, Need, Plan, PlannedDraw, PlannedLot, settled


def plan(lots: Sequence[PlannedLot], needs: Iterable[Need]) -> Plan:
    """Allocates the needs in the order of their days, then of their keys; enough or nothing each."""
    shelf, draws, unfunded = Shelf(lots), [], {}
    for need in sorted(needs, key=lambda need: need.order):
        usable = shelf.turn_to(need.on)
        if usable < need.credits:
            unfunded[need.key] = need.credits - usable
        else:
            draws += [PlannedDraw(key, need.key, credits) for key, credits in shelf.take(need.credits)]
    return settled(lots, draws, unfunded)


class Shelf:
    """The lots as the days go by: those to come, and those of the day with the next to expire in front."""

    def __init__(self, lots: Iterable[PlannedLot]) -> None:
        self.to_come = sorted(lots, key=lambda lot: lot.starts_on, reverse=True)
        self.left: dict[Key, int] = {}
        self.usable = 0
        self._open: list[tuple[datetime.date, datetime.date, Key]] = []

    def turn_to(self, day: datetime.date) -> int:
        """Puts out the lots that have started by `day`, takes away those past their expiry; how many credits are there."""
        while self.to_come and self.to_come[-1].starts_on <= day:
            lot = self.to_come.pop()
            heappush(self._open, lot.order)
            self.left[lot.key] = lot.credits
            self.usable += lot.credits
        while self._open and self._open[0][0] < day:
            self.usable -= self.left[heappop(self._open)[2]]
        return self.usable

    def take(self, credits: int) -> Iterator[tuple[Key, int]]:
        """Takes `credits` of the usable credits, each lot to its last before the next: (lot, credits)."""
        self.usable -= credits
        while credits:
            key = self._open[0][2]
            taken = min(credits, self.left[key])
            if taken:
                yield key, taken
            credits -= taken
            self.left[key] -= taken
            if not self.left[key]:
                heappop(self._open)
