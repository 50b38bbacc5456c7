"""The exchange rates of an export, in the company's own currency."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from credits.certinia.files import Brought, Files
from credits.certinia.objects import RATES_NAME, rate_columns
from credits.certinia.reading import read_lines
from ledger.models import ExchangeRate
from ledger.services.rate_import import ImportedRates, compared
from ledger.services.rate_lines import read_rates
from pages import formats
from pages.imports import FileRefused, Problems
from pages.imports.cells import Cell, as_text
from pages.imports.csv_files import csv_rows
from pages.imports.xlsx_files import SIGNATURE, xlsx_rows

TITLE = re.compile(r"rate_to_([a-z]{3})", re.IGNORECASE)


def currency_of(files: Files) -> str | None:
    """The currency that the rates are in, by the title of their column: the company's own. None where nothing says so."""
    if (brought := files.get(RATES_NAME)) is None:
        return None
    titles = [match[1].upper() for title in _header(brought) if (match := TITLE.fullmatch(title.strip()))]
    return titles[0] if len(titles) == 1 else None


def read_rates_of(brought: Brought, lcy: str, problems: Problems, others: list[str]) -> ImportedRates:
    """The rates of the file beside those that are stored. Another rate for a day than the stored one is a problem: it may
    have been posted with."""
    columns = rate_columns(lcy)
    imported = compared(read_rates(read_lines(brought, columns, problems, others), problems, columns=columns))
    for rate in imported.corrected:
        assert rate.before is not None  # it would be new
        sentence = (
            f"{rate.currency} has the rate {formats.exact(rate.before)} from {formats.day(rate.starting_on)}, not "
            f"{formats.exact(rate.rate)}. An import changes nothing that is stored: take the line out, or correct the rate."
        )
        problems.add(sentence, rate.line, columns[2])
    return imported


def stored_rates() -> list[ExchangeRate]:
    return list(ExchangeRate.objects.order_by("starting_on", "currency"))


def _header(brought: Brought) -> list[str]:
    """The first line; nothing of a file that cannot be read, which is refused when it is read as a whole."""
    workbook = brought.content.startswith(SIGNATURE)
    rows: Iterable[tuple[int, Sequence[Cell]]] = (
        xlsx_rows(brought.content, brought.sheet) if workbook else csv_rows(brought.content)
    )
    try:
        return [as_text(cell) for _, row in islice(rows, 1) for cell in row]
    except FileRefused:
        return []
