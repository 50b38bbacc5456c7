"""What may stand in a cell of a file, and how it is read."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pages.exports import FORMULA_STARTS

# What `exports.safe` has put an apostrophe in front of.
GUARDED = re.compile(f"'+[{re.escape(''.join(FORMULA_STARTS))}]")
LONGEST_QUOTED = 40


@dataclass(frozen=True)
class Formula:
    """A cell of a spreadsheet that is computed: what it showed last need not be what it would show now."""

    coordinate: str

    def __str__(self) -> str:
        return f"(formula in {self.coordinate})"


Cell = str | Decimal | date | datetime | Formula


def tidied(cell: Cell) -> Cell:
    """Without spaces around a text, and without the apostrophe of our own export."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    return text[1:] if GUARDED.match(text) else text


def as_text(cell: Cell) -> str:
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def quoted(text: str) -> str:
    """For a sentence, which must stay one."""
    return f"“{text if len(text) <= LONGEST_QUOTED else text[: LONGEST_QUOTED - 1] + '…'}”"
