"""The lines of a file as exchange rates, or what stands against each of them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ledger.dates import ledger_setup
from ledger.models import Currency
from ledger.services.setup import refusal_to_set_rate
from pages import formats
from pages.imports import Line, Problems, Unreadable, read_day, read_number, read_text
from pages.imports.cells import Cell, quoted

CURRENCY, STARTING_DATE, RATE = COLUMNS = ("Currency", "Starting date", "LCY per unit")
DIGITS = {"max_digits": 24, "decimal_places": 12}  # of `RateField`

Key = tuple[str, date]


@dataclass(frozen=True)
class ImportedRate:
    """A line of the file; `before` is the rate of that day that was stored, if there was one."""

    line: int
    currency: str
    starting_on: date
    rate: Decimal
    before: Decimal | None = None


def read_rates(lines: list[Line], problems: Problems, *, columns: tuple[str, str, str] = COLUMNS) -> list[ImportedRate]:
    """The lines as rates; of a line that is refused only the problems. `columns` are what the file calls them."""
    currency, starting_date, per_unit = columns
    refusals = _refusals_by_currency()
    first: dict[Key, int] = {}
    rates = []
    for line in lines:
        code = problems.read(line, currency, lambda cell: _read_currency(cell, refusals))
        day = problems.read(line, starting_date, read_day)
        rate = problems.read(line, per_unit, _read_rate)
        if code and day and (before := first.setdefault((code, day), line.number)) != line.number:
            problems.add(_twice(code, day, before, line.number), line.number, starting_date)
        if code and day and rate:
            rates.append(ImportedRate(line.number, code, day, rate))
    return rates


def _twice(code: str, day: date, before: int, line: int) -> str:
    return f"{code} has a rate from {formats.day(day)} in line {before:,} and in line {line:,}. Leave one of them."


def _refusals_by_currency() -> dict[str, str]:
    """Every currency, and why it takes no rate: "" where it does."""
    lcy = ledger_setup().lcy
    return {currency.code: str(refusal_to_set_rate(currency, lcy) or "") for currency in Currency.objects.all()}


def _read_currency(cell: Cell, refusals: dict[str, str]) -> str:
    code = read_text(cell, "the code of a currency, as in USD")
    if code not in refusals:
        raise Unreadable(
            f"There is no currency {quoted(code)}. Its code has three capital letters, as in USD; is it set up?"
        )
    if refusals[code]:
        raise Unreadable(f"{refusals[code]} Take the line out.")
    return code


def _read_rate(cell: Cell) -> Decimal:
    rate = read_number(cell, **DIGITS)
    if rate <= 0:
        raise Unreadable(f"{rate:f} is not above zero. Enter what one unit is worth in the company's own currency.")
    return rate
