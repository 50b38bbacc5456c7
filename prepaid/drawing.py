"""What is taken of inflows, worked out and not written: pure arithmetic over balances that the caller has locked.

LCY is cut cumulatively from the inflow's own LCY, so that an inflow ends at zero in both currencies in any order of parts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.money import ZERO, share
from prepaid.models import InflowBalance, PrepaidEntry


@dataclass(frozen=True)
class Draw:
    """A part of an inflow: an amount with its LCY, or a quantity; for a used line, where there is one."""

    inflow: PrepaidEntry
    amount: Decimal = ZERO
    amount_lcy: Decimal = ZERO
    quantity: Decimal = ZERO
    line: int | None = None


@dataclass(frozen=True)
class Need:
    """What a line asks for, in the unit of the service."""

    units: Decimal
    line: int | None = None


@dataclass
class _Left:
    """What is left of an inflow, in the unit of the service and in LCY."""

    entry: PrepaidEntry
    units: Decimal
    lcy: Decimal


class Shelf:
    """What is left of inflows, in the order in which it is drawn."""

    def __init__(self, balances: Iterable[InflowBalance], *, is_amount: bool, lcy_decimals: int) -> None:
        self.is_amount, self.lcy_decimals = is_amount, lcy_decimals
        self._left = [
            _Left(row.entry, row.remaining if is_amount else row.remaining_quantity, row.remaining_lcy)
            for row in balances
        ]

    @property
    def units(self) -> Decimal:
        return sum((left.units for left in self._left), ZERO)

    def draw(self, needs: Sequence[Need]) -> list[Draw]:
        """Takes the needs in their order from the inflows in theirs; what is not there is not drawn."""
        drawn = []
        for need in needs:
            missing = need.units
            for left in self._left:
                if taken := min(missing, left.units):
                    drawn.append(self._take(left, taken, need.line))
                    missing -= taken
        return drawn

    def _take(self, left: _Left, units: Decimal, line: int | None) -> Draw:
        left.units -= units
        entry = left.entry
        if not self.is_amount:
            return Draw(entry, quantity=units, line=line)
        gone, before = entry.amount - left.units, left.lcy
        left.lcy = entry.amount_lcy - share(entry.amount_lcy, gone, entry.amount, self.lcy_decimals)
        return Draw(entry, amount=units, amount_lcy=before - left.lcy, line=line)


def shared(total: Decimal, weights: Sequence[Decimal], decimals: int) -> list[Decimal]:
    """`total` in parts as the weights are to each other, cut cumulatively in their order; nothing of it where they weigh
    nothing."""
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO for _ in weights]
    parts, reached, given = [], ZERO, ZERO
    for weight in weights:
        reached += weight
        level = share(total, reached, whole, decimals)
        parts.append(level - given)
        given = level
    return parts
