"""Which numbers of credits needs can add up to."""

from collections.abc import Sequence
from math import gcd

from credits.planning.lots import Need

WIDEST = 1 << 18  # units; beyond that the sums are not told apart


class Sums:
    """Of the needs from each place of their sequence on. Counted in units, the largest that all of them are made of."""

    def __init__(self, needs: Sequence[Need]) -> None:
        self.unit = gcd(*(need.credits for need in needs)) or 1
        self.told_apart = sum(need.credits for need in needs) // self.unit <= WIDEST
        self._reachable = [1]  # bit n: n units can be added up to
        for need in reversed(needs if self.told_apart else ()):
            without = self._reachable[-1]
            self._reachable.append(without | without << need.credits // self.unit)
        self._reachable.reverse()

    def most(self, credits: int, place: int) -> int:
        """The most that needs from `place` on can add up to without exceeding `credits`; never too few."""
        units = credits // self.unit
        if self.told_apart:
            units = (self._reachable[place] & ((2 << units) - 1)).bit_length() - 1
        return units * self.unit
