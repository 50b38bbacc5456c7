"""The stored rows as the files of an export, which an import finds unchanged.

The columns are those of Certinia under its API names. A purchase has more, to the right of them, for what Certinia does not
know: its product posting group and its value of each dimension (`credits.certinia.setup`). An import reads them where they
are there, and refuses a code that is not set up; so a company that is made anew from its export needs its setup first. That
of the customers (posting group, bill-to, proposed dimensions) is setup as well, and is not exported.
"""

import contextlib
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from credits.certinia.accounts import stored_accounts
from credits.certinia.milestones import stored_milestones
from credits.certinia.objects import ACCOUNTS, CURRENCY, MILESTONES, PRODUCT_GROUP, PURCHASES, RATES_NAME, rate_columns
from credits.certinia.purchases import stored_purchases
from credits.certinia.rates import stored_rates
from credits.certinia.reading import Values
from credits.certinia.setup import dimension_columns
from ledger.dates import ledger_setup
from ledger.models import Currency
from ledger.money import round_to
from pages import formats
from pages.exports import safe

Table = Iterator[list[str]]


def write_export(folder: Path) -> list[str]:
    """Writes the files into the folder, over those of the same names; gives the names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    with one_moment():
        for name, rows in tables():
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
            names.append(name)
    return names


def zipped_export(file: Any) -> None:
    """Writes the same files as one archive."""
    with one_moment(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables():
            with archive.open(name, "w") as member, io.TextIOWrapper(member, encoding="utf-8", newline="") as text:
                csv.writer(text).writerows(rows)


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """All files tell of one moment, whatever is entered meanwhile."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def tables() -> Iterator[tuple[str, Table]]:
    """Each file by its name, header first."""
    yield f"{RATES_NAME}.csv", _rates()
    decimals = dict(Currency.objects.values_list("code", "decimals"))
    for about, stored in ((ACCOUNTS, stored_accounts), (PURCHASES, stored_purchases), (MILESTONES, stored_milestones)):
        extra = [PRODUCT_GROUP, *dimension_columns().values()] if about is PURCHASES else []
        yield f"{about.name}.csv", _table([*about.columns, *extra], stored().values(), decimals)


def _rates() -> Table:
    yield list(rate_columns(ledger_setup().lcy_id))
    for rate in stored_rates():
        yield [rate.currency_id, rate.starting_on.isoformat(), formats.exact(rate.rate)]


def _table(columns: list[str], rows: Iterable[Values], decimals: dict[str, int]) -> Table:
    yield columns
    for row in rows:
        yield [_cell(row[column], decimals[row[CURRENCY]]) for column in columns]


def _cell(value: Any, decimals: int) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{round_to(value, decimals):f}"
    return "" if value is None else str(safe(str(value)))
