"""The lots as the days go by."""

import datetime
from collections.abc import Iterable
from heapq import heappop, heappush

from credits.planning.lots import Key, Need, PlannedLot


class Shelf:
    """The lots to come, and those of the day with the next to expire in front. Days only go on."""

    def __init__(self, lots: Iterable[PlannedLot] = ()) -> None:
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

    def take(self, credits: int) -> list[tuple[Key, int]]:
        """Takes `credits` of the usable credits, each lot to its last before the next: (lot, credits)."""
        taken = []
        self.usable -= credits
        while credits:
            key = self._open[0][2]
            left = self.left[key]
            part = min(credits, left)
            if part:
                taken.append((key, part))
            credits -= part
            self.left[key] = left - part
            if part == left:
                heappop(self._open)
        return taken

    def serve(self, needs: Iterable[Need]) -> None:
        """Takes for each need, by day, all that it asks for, or nothing."""
        for need in needs:
            if self.turn_to(need.on) >= need.credits:
                self.take(need.credits)

    def copy(self) -> "Shelf":
        twin = Shelf()
        twin.to_come, twin.left, twin.usable, twin._open = [*self.to_come], {**self.left}, self.usable, [*self._open]
        return twin

    def rest(self) -> dict[Key, int]:
        """What is left of each lot, opened or not."""
        return self.left | {lot.key: lot.credits for lot in self.to_come}
