"""The plan under which the fewest credits lapse, and among those the least money.

Which needs to fund is a knapsack: a search through them decides each in turn, funded or not, and leaves out what cannot
beat the best so far. It ends when nothing is left to decide, or when its effort is spent; the effort is counted, not
timed, so that the same question always gets the same answer.
"""

from collections.abc import Sequence
from decimal import Decimal

from credits.planning.first_to_expire import plan
from credits.planning.flow import dearest, reach, worth
from credits.planning.lots import Key, Need, Plan, PlannedDraw, PlannedLot, asked, by_day, settled
from credits.planning.parts import parts
from credits.planning.sums import Sums
from ledger.money import ZERO

EFFORT = 400_000  # lots and needs looked at; well under a second


def best(lots: Sequence[PlannedLot], needs: Sequence[Need], *, effort: int = EFFORT) -> Plan:
    """Funds each need in whole or not at all. `exact` says whether the search came to its end; if not, the plan is the
    best that was found, never worse than `plan`. Drawn first to expire first wherever that costs no money."""
    draws: list[PlannedDraw] = []
    unfunded = {need.key: need.credits for need in needs}
    exact = True
    for of_part, asking in parts(lots, needs):
        search = Search(of_part, asking, effort)
        exact, effort = search.run() and exact, search.effort
        draws += search.draws()
        unfunded |= search.short()
        for need in search.chosen:
            del unfunded[need.key]
    return settled(lots, draws, unfunded, exact=exact)


class Search:
    """Through the needs, first those that would be funded anyway, the smallest first: of plans that are as good, one is
    found that is near to what would happen and leaves few needs out."""

    def __init__(self, lots: Sequence[PlannedLot], needs: Sequence[Need], effort: int) -> None:
        self.lots, self.effort = lots, effort
        self.usual = plan(lots, needs)
        self.needs = tuple(sorted(needs, key=lambda need: (need.key in self.usual.unfunded, need.credits, *need.order)))
        self.sums = Sums(self.needs)
        self.chosen: list[Need] = []
        self.found: tuple[int, Decimal] = (0, ZERO)

    def run(self) -> bool:
        """Finds the needs to fund; whether it is certain that there are no better ones."""
        self.offer(by_day(need for need in self.needs if need.key not in self.usual.unfunded))
        undecided: list[tuple[int, tuple[Need, ...]]] = [(0, ())]
        while undecided and self.effort > 0:
            undecided += self.branch(*undecided.pop())
        return not undecided

    def branch(self, place: int, funded: tuple[Need, ...]) -> list[tuple[int, tuple[Need, ...]]]:
        """With `funded` decided on: the two ways to decide on the need at `place`, the one to look at first last."""
        possible, held = by_day(funded + self.needs[place:]), asked(funded)
        reached = self.reach(possible)
        if reached == asked(possible):
            self.offer(possible)
            return []
        if not self.promises(possible, held + self.sums.most(reached - held, place)):
            return []
        need, ways = self.needs[place], [(place + 1, funded)]
        if self.reach(by_day((*funded, need))) == held + need.credits:
            ways.append((place + 1, (*funded, need)))
        return ways

    def promises(self, possible: list[Need], credits: int) -> bool:
        """Whether `credits` credits, drawn for no others than these needs, could be better than what was found."""
        if credits != self.found[0]:
            return credits > self.found[0]
        return self.worth(possible, credits) > self.found[1]

    def offer(self, needs: list[Need]) -> None:
        """These can all be funded together."""
        credits = asked(needs)
        if credits >= self.found[0]:
            offered = credits, self.worth(needs, credits)
            self.chosen, self.found = max((self.chosen, self.found), (needs, offered), key=lambda pair: pair[1])

    def reach(self, needs: list[Need]) -> int:
        self.effort -= len(self.lots) + len(needs)
        return reach(self.lots, needs)

    def worth(self, needs: list[Need], credits: int) -> Decimal:
        self.effort -= len({lot.price for lot in self.lots}) * (len(self.lots) + len(needs))
        return worth(self.lots, needs, credits)

    def draws(self) -> tuple[PlannedDraw, ...]:
        """For the chosen needs: first to expire first if that is worth as much, else from the dearest lots."""
        as_usual, by_price = plan(self.lots, self.chosen), plan(dearest(self.lots, self.chosen), self.chosen)
        least = settled(self.lots, by_price.draws, {}).lapsed_money
        return as_usual.draws if as_usual.lapsed_money == least else by_price.draws

    def short(self) -> dict[Key, int]:
        """How many credits each need that is not chosen lacks, when all that are get theirs."""
        funded, rest = asked(self.chosen), [need for need in self.needs if need not in self.chosen]
        beside = {need: reach(self.lots, by_day([*self.chosen, need])) - funded for need in rest}
        return {need.key: need.credits - got for need, got in beside.items()}
