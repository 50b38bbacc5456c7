"""The plan that follows the product: each need on its day, from the lots of that day, first to expire first."""

from collections.abc import Iterable, Sequence

from credits.planning.lots import Key, Need, Plan, PlannedDraw, PlannedLot, by_day, settled
from credits.planning.shelf import Shelf


def plan(lots: Sequence[PlannedLot], needs: Iterable[Need]) -> Plan:
    """Allocates the needs in the order of their days, then of their keys; enough or nothing each."""
    shelf, unfunded = Shelf(lots), dict[Key, int]()
    draws: list[PlannedDraw] = []
    for need in by_day(needs):
        usable = shelf.turn_to(need.on)
        if usable < need.credits:
            unfunded[need.key] = need.credits - usable
        else:
            draws += [PlannedDraw(key, need.key, credits) for key, credits in shelf.take(need.credits)]
    return settled(lots, draws, unfunded)
