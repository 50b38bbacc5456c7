"""What prepaid services are made of, for `prepaid_model`: inflows, what is taken of them, what lines come to, and the journal
lines of one event. Amounts are whole numbers: minor units, or ten-thousandths of a quantity."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from config.replay.lot import cut
from config.replay.model import ZERO, Company, Line

LAST = datetime.date.max
QUANTITY = 4
HALF = Fraction(1, 2)


def half_up(value: Fraction) -> int:
    return int(value + HALF)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """In parts as the weights are to each other, cut cumulatively."""
    whole, reached, given, parts = sum(weights), 0, 0, []
    for weight in weights:
        reached += weight
        level = cut(total, reached, whole) if whole else 0
        parts.append(level - given)
        given = level
    return parts


@dataclass
class Inflow:
    """What came in, and what is left of it. `id` as it is stored; `own` in the unit of the service."""

    id: int
    service: int
    counted: bool
    on: datetime.date
    valid_until: datetime.date | None
    own: int
    lcy: int
    product_group: str | None
    business_group: str | None
    account: str | None
    group: str | None
    came_from: int | None = None
    left: int = 0
    left_lcy: int = 0
    expired: int = 0
    expired_lcy: int = 0

    def __post_init__(self) -> None:
        self.left, self.left_lcy = self.own, self.lcy

    @property
    def lot(self) -> str:
        return f"prepaid:{self.id}"

    @property
    def place(self) -> tuple:
        """Earliest valid-until first, unlimited last, then the number."""
        return self.valid_until or LAST, self.valid_until is None, self.id

    def take(self, units: int) -> int:
        """Units leave; the LCY that goes with them is cut cumulatively."""
        self.left -= units
        before, self.left_lcy = self.left_lcy, self.lcy - cut(self.lcy, self.own - self.left, self.own)
        return before - self.left_lcy


@dataclass
class Draw:
    """What an event took of an inflow, for a used line; what of it was given back."""

    key: str
    inflow: Inflow
    line: int
    own: int
    lcy: int
    revenue: str | None = None
    revenue_group: str | None = None
    given: int = 0
    given_lcy: int = 0


@dataclass
class Worked:
    """What a line of a posted document comes to."""

    net: int = 0
    vat: int = 0
    covered: int = 0
    covered_net: int = 0
    covered_vat: int = 0
    due_lcy: int = 0
    due_vat_lcy: int = 0
    ledger_account: str | None = None
    receivable_account: str | None = None


AMOUNTS = ("net", "vat", "covered", "covered_net", "covered_vat", "due_lcy", "due_vat_lcy")


class Keys(NamedTuple):
    """Whose a journal line is: customer, dimensions, lot."""

    party: str
    dims: dict[str, str]
    lot: str = ""


@dataclass
class Book:
    """The journal lines of one event, gathered by account, group, whose they are, and side."""

    company: Company
    currency: str
    sums: dict[tuple, list[int]] = field(default_factory=dict)

    def debit(self, account: str | None, own: int, lcy: int, keys: Keys, group: str | None = None) -> None:
        self._add(True, account, own, lcy, keys, group)

    def credit(self, account: str | None, own: int, lcy: int, keys: Keys, group: str | None = None) -> None:
        self._add(False, account, own, lcy, keys, group)

    def _add(self, debit: bool, account, own: int, lcy: int, keys: Keys, group) -> None:
        key = debit, account, group, keys.party, keys.lot, tuple(sorted(keys.dims.items()))
        row = self.sums.setdefault(key, [0, 0])
        row[0] += own
        row[1] += lcy

    def lines(self) -> list[Line]:
        return [self._line(*key, *sums) for key, sums in self.sums.items() if any(sums)]

    def _line(self, debit, account, group, party, lot, dims, own: int, lcy: int) -> Line:
        amounts = self.company.major(own, self.currency), self.company.major(lcy, self.company.lcy)
        line = Line(account, group, self.currency, amounts[0], ZERO, amounts[1], ZERO, party, lot, dict(dims))
        return line if debit else line.mirror


def cut_of(total: int, part: int | Fraction, whole: int | Fraction) -> int:
    """The share of a part that may have decimals; nothing of nothing."""
    return half_up(total * Fraction(part) / Fraction(whole)) if whole else 0
