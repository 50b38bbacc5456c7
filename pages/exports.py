"""Lists as files: what is filtered, every row of it, numbers as numbers and dates as dates.

Text that a spreadsheet would take for a formula gets an apostrophe in front, which `pages.imports` takes off again; so
does text that looks as if it had got one. Rows are read in chunks, so that a long list needs no more memory than a short
one.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.encoding import force_str
from django.utils.timezone import make_naive
from django_tables2.rows import BoundRow
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 2000
ROWS_PER_SHEET = 1_000_000  # Excel reads 48,576 more
DIGITS_OF_EXCEL = 15
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def safe(value: Any) -> Any:
    """The cell as it may stand in a file."""
    if isinstance(value, datetime):
        return make_naive(value) if value.tzinfo else value
    text = force_str(value, strings_only=True)
    if not isinstance(text, str):
        return text
    return ILLEGAL_CHARACTERS_RE.sub(" ", f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text)


def rows(table: Any, queryset: Any) -> Iterator[list]:
    """The header, then one row of raw values per record."""
    columns = [column for column in table.columns.iterall() if not column.column.exclude_from_export]
    yield [safe(str(column.header)) for column in columns]
    for record in queryset.iterator(chunk_size=CHUNK):
        row = BoundRow(record, table=table)
        cells = (row.get_cell_value(column.name) for column in columns)
        yield ["" if cell is None or cell == table.default else safe(cell) for cell in cells]


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def as_csv(lines: Iterable[list], name: str) -> HttpResponseBase:
    writer = csv.writer(Echo())
    response = StreamingHttpResponse((writer.writerow(line) for line in lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def as_xlsx(lines: Iterable[list], name: str) -> HttpResponseBase:
    """One sheet, and a further one with the same header whenever one is full."""
    book, lines = Workbook(write_only=True), iter(lines)
    header = next(lines)
    sheet = new_sheet(book, name, header)
    for number, line in enumerate(lines):
        if number and number % ROWS_PER_SHEET == 0:
            sheet = new_sheet(book, name, header)
        sheet.append([exact(cell) for cell in line])
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it when it is sent)
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX_TYPE)


def exact(cell: Any) -> Any:
    """A number with more digits than a spreadsheet keeps is text there, so that none is lost."""
    if not isinstance(cell, Decimal):
        return cell
    text = f"{cell:f}"
    digits = text.strip("-").replace(".", "").strip("0")
    return text if len(digits) > DIGITS_OF_EXCEL else cell


def new_sheet(book: Workbook, name: str, header: list) -> Any:
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    sheet.append(header)
    return sheet


FORMATS = {"csv": as_csv, "xlsx": as_xlsx}
