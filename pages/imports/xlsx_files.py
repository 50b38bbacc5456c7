"""XLSX workbooks: the one sheet that holds anything, read row by row."""

import datetime
import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from pages.imports.cells import Cell, Formula
from pages.imports.problems import FileRefused, Problem

SIGNATURE = b"PK\x03\x04"
OLD_SIGNATURE = b"\xd0\xcf\x11\xe0"  # XLS, and XLSX with a password
LARGEST_UNPACKED = 300 * 1024 * 1024
WIDEST = 1000
NO_WORKBOOK = "The file cannot be read as a workbook. Open it in a spreadsheet, save it as XLSX, and bring it again."


def xlsx_rows(content: bytes, sheet_name: str = "") -> Iterator[tuple[int, list[Cell]]]:
    """Each row of that sheet, or of the only one that holds anything, with its number. Refused (FileRefused): what is no
    workbook, what is too large when unpacked, more than one sheet that holds something where none is named."""
    try:
        _refuse_bombs(content)
        book = load_workbook(io.BytesIO(content), read_only=True)
        sheet = _named_sheet(book, sheet_name) if sheet_name else _only_sheet(book)
        for number, row in enumerate(sheet.iter_rows() if sheet else (), start=1):
            if len(row) > WIDEST:
                raise FileRefused(
                    [Problem(f"The row is {len(row):,} columns wide: at most {WIDEST:,} are read.", number)]
                )
            yield number, [_cell(cell) for cell in row]
    except FileRefused:
        raise
    except Exception as error:
        # A damaged file is answered with whatever the parser stumbles over.
        raise FileRefused([Problem(NO_WORKBOOK)]) from error


def _refuse_bombs(content: bytes) -> None:
    """A small file may unpack to one that fills the memory. Its directory says so, and no more than that is unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST_UNPACKED:
        raise FileRefused([Problem("The workbook is too large when it is unpacked. Split it, or save it as CSV.")])


def sheet_names(content: bytes) -> list[str]:
    """The sheets of a workbook. Refused (FileRefused): what is no workbook."""
    try:
        _refuse_bombs(content)
        return load_workbook(io.BytesIO(content), read_only=True).sheetnames
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused([Problem(NO_WORKBOOK)]) from error


def _named_sheet(book: Any, name: str) -> Any:
    sheet = book[name]
    sheet.reset_dimensions()
    return sheet


def _only_sheet(book: Any) -> Any:
    """None where nothing is written at all. What a file says of its own size is not believed."""
    for sheet in book.worksheets:
        sheet.reset_dimensions()
    filled = [sheet for sheet in book.worksheets if _holds_something(sheet)]
    if len(filled) > 1:
        names = ", ".join(f"“{sheet.title}”" for sheet in filled)
        raise FileRefused([Problem(f"Several sheets hold something: {names}. Leave the one that is to be imported.")])
    return filled[0] if filled else None


def _holds_something(sheet: Any) -> bool:
    return any(value not in (None, "") for row in sheet.iter_rows(values_only=True) for value in row)


def _cell(cell: Any) -> Cell:
    """Numbers by the shortest text that stands for them, which is what was typed; midnight is a date."""
    value = cell.value
    if cell.data_type == "f":
        return Formula(cell.coordinate)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(repr(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    return "" if value is None else value if isinstance(value, datetime.datetime) else str(value)
