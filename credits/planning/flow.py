"""How many credits lots can give to needs, and how to draw them so that they are worth most.

Lots are intervals of days, so that drawing day by day, first to expire first, gives the most credits that any way of
drawing gives (Glover, 1967). Which credits can be drawn together is a matroid: what is drawn can always be completed to
that most without giving up a need that is funded, and taking the dearest lots first is not only greedy but best.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from credits.planning.lots import Need, PlannedLot, asked, total
from credits.planning.shelf import Shelf
from ledger.money import product

Lots = Sequence[PlannedLot]
Needs = Sequence[Need]


def reach(lots: Iterable[PlannedLot], needs: Iterable[Need]) -> int:
    """The most credits that the lots can give to the needs, `by_day`, whole or in part."""
    shelf, drawn = Shelf(lots), 0
    for need in needs:
        drawn += sum(credits for _, credits in shelf.take(min(shelf.turn_to(need.on), need.credits)))
    return drawn


def worth(lots: Lots, needs: Needs, credits: int) -> Decimal:
    """The most that `credits` credits are worth, of those that the lots can give to the needs."""
    groups = [list(group) for _, group in groupby(dearest_first(lots), key=lambda lot: lot.price)]
    return total(product(taken, group[0].price) for group, taken in shares(groups, needs, credits))


def dearest(lots: Lots, needs: Needs) -> list[PlannedLot]:
    """The lots, each cut to what is drawn from it when what the needs get is to be worth most."""
    singles = [[lot] for lot in dearest_first(lots)]
    taken = shares(singles, needs, asked(needs))
    return [PlannedLot(lot.key, lot.starts_on, lot.expires_on, credits, lot.price) for [lot], credits in taken]


def dearest_first(lots: Lots) -> list[PlannedLot]:
    return sorted(lots, key=lambda lot: (-lot.price, *lot.order))


def shares(groups: list[list[PlannedLot]], needs: Needs, credits: int) -> Iterator[tuple[list[PlannedLot], int]]:
    """How many of `credits` credits come from each group, as many as possible from the first, then from the next."""
    lots: list[PlannedLot] = []
    drawn = 0
    for group in groups:
        if drawn == credits:
            return
        lots += group
        more = min(reach(lots, needs), credits) - drawn
        yield group, more
        drawn += more
