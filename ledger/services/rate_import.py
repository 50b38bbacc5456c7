"""Exchange rates from a file: the shape of every import.

Books: none. Postings from now on take the rates of their day; what is posted stays, and lots keep the rate of theirs.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from ledger.dates import ledger_setup
from ledger.models import Currency, ExchangeRate
from ledger.services.changes import made_by
from ledger.services.setup import refusal_to_set_rate
from pages import formats
from pages.imports import Line, Problems, Unreadable, read_day, read_number, read_table, read_text
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


@dataclass(frozen=True)
class ImportedRates:
    new: list[ImportedRate] = field(default_factory=list)
    corrected: list[ImportedRate] = field(default_factory=list)
    unchanged: list[ImportedRate] = field(default_factory=list)

    @property
    def written(self) -> list[ImportedRate]:
        return [*self.new, *self.corrected]

    @property
    def counts(self) -> str:
        """3 new, 1 corrected"""
        kinds = ((self.new, "new"), (self.corrected, "corrected"), (self.unchanged, "unchanged"))
        return ", ".join(f"{formats.number(len(rates))} {kind}" for rates, kind in kinds if rates)

    @property
    def said(self) -> str:
        """What was done, in a sentence."""
        if not self.written:
            return "Nothing is changed: all that the file says is stored already."
        return f"The rates are imported: {self.counts}."


@transaction.atomic
def import_rates(content: bytes, *, file_name: str, actor) -> ImportedRates:
    """Enters the rates of a CSV or XLSX file, and corrects those of the same currency and day: all of them or none. The
    same file again changes nothing. The change log names the file with each rate that changes. A constant number of
    statements, whatever the number of rates.

    Refused (FileRefused, with every problem by line and column): a file that cannot be read as a table of COLUMNS; an
    unknown currency, the LCY, what is no date, no number, not above zero or too long, one day of a currency twice.
    """
    problems = Problems()
    lines = read_table(content, columns=COLUMNS, problems=problems)
    rates = _read(lines, problems)
    problems.refuse()
    made_by(actor, "Import exchange rates", reason=f"From the file {file_name}.")
    imported = _compared(rates)
    ExchangeRate.objects.bulk_create(
        [
            ExchangeRate(currency_id=each.currency, starting_on=each.starting_on, rate=each.rate)
            for each in imported.written
        ],
        update_conflicts=True,
        unique_fields=["currency", "starting_on"],
        update_fields=["rate"],
    )
    return imported


def _read(lines: list[Line], problems: Problems) -> list[ImportedRate]:
    """The lines as rates; of a line that is refused only the problems."""
    refusals = _refusals_by_currency()
    first: dict[Key, int] = {}
    rates = []
    for line in lines:
        code = problems.read(line, CURRENCY, lambda cell: _read_currency(cell, refusals))
        day = problems.read(line, STARTING_DATE, read_day)
        rate = problems.read(line, RATE, _read_rate)
        if code and day and (before := first.setdefault((code, day), line.number)) != line.number:
            problems.add(_twice(code, day, before, line.number), line.number, STARTING_DATE)
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


def _compared(rates: list[ImportedRate]) -> ImportedRates:
    """Each rate beside the one that is stored. Nobody else enters rates until the commit, so that what is said here is
    what happens; reading them, as postings do, is not held up."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE ledger_exchangerate IN SHARE ROW EXCLUSIVE MODE")
    imported = ImportedRates()
    stored = _stored(rates)
    for each in rates:
        before = stored.get((each.currency, each.starting_on))
        kind = imported.new if before is None else imported.unchanged if before == each.rate else imported.corrected
        kind.append(ImportedRate(each.line, each.currency, each.starting_on, each.rate, before))
    return imported


def _stored(rates: list[ImportedRate]) -> dict[Key, Decimal]:
    """The rates of the days that the file is about."""
    if not rates:
        return {}
    days = [each.starting_on for each in rates]
    known = ExchangeRate.objects.filter(
        currency__in={each.currency for each in rates}, starting_on__range=(min(days), max(days))
    )
    return {(code, day): rate for code, day, rate in known.values_list("currency", "starting_on", "rate").iterator()}
