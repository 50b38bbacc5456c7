"""Cells as values. What is not certain is not guessed: it is refused with a sentence that says how to write it."""

import re
from datetime import date, datetime
from decimal import Decimal

from pages.imports.cells import Cell, as_text, quoted
from pages.imports.problems import Unreadable

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


def read_text(cell: Cell, example: str = "a text") -> str:
    text = as_text(cell)
    if not text:
        raise Unreadable(f"The cell is empty: enter {example}.")
    return text


def read_number(cell: Cell, *, max_digits: int, decimal_places: int) -> Decimal:
    """Exactly the number that is written, if a column of that many digits keeps all of it."""
    text = read_text(cell, "a number, as in 1.09")
    if not NUMBER.fullmatch(text):
        meant = text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else "1234.56"
        how = f"write a point before the decimals and nothing between thousands, as in {meant}"
        raise Unreadable(f"{quoted(text)} is not read as a number: {how}.")
    number = Decimal(text)
    whole, _, decimals = f"{number.copy_abs():f}".partition(".")
    if (kept := len(decimals.rstrip("0"))) > decimal_places:
        raise Unreadable(f"{quoted(text)} has {kept} decimals: round it to at most {decimal_places}.")
    if len(whole.lstrip("0")) > max_digits - decimal_places:
        most = max_digits - decimal_places
        raise Unreadable(f"{quoted(text)} is too large: at most {most} digits stand before the point.")
    return number


def read_day(cell: Cell) -> date:
    """A date of a spreadsheet, or one written as 2026-11-24; 01/02/2026 would be two days."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return cell
    text = read_text(cell, "a date, as in 2026-11-24")
    try:
        if not DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(
            f"{quoted(text)} is not read as a date: write year, month and day, as in 2026-11-24."
        ) from None
