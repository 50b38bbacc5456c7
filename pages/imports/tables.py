"""A file as lines of named cells."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pages import formats
from pages.imports.cells import Cell, as_text, quoted, tidied
from pages.imports.csv_files import csv_rows
from pages.imports.problems import FileRefused, Problem, Problems
from pages.imports.xlsx_files import OLD_SIGNATURE, SIGNATURE, xlsx_rows

MOST_LINES = 100_000


@dataclass(frozen=True)
class Line:
    """`number` is the line in the file, `cells` has every column that was asked for and is there; "" where nothing is
    written."""

    number: int
    cells: dict[str, Cell]


def read_table(
    content: bytes,
    *,
    columns: Sequence[str],
    problems: Problems,
    sheet: str = "",
    others: list[str] | None = None,
    optional: Sequence[str] = (),
) -> list[Line]:
    """The lines below the header that hold anything. Columns stand in any order, their names in capitals or not. Of a
    workbook the only sheet that holds anything is read, or the one called `sheet`.

    What is wrong with names, and cells outside of every column, goes to `problems`; with wrong names no line is read.
    Columns of other names are wrong, unless there is a list of `others` for their names: then they are passed over. Those
    in `optional` may be left out, and no line has a cell of them then.
    Refused (FileRefused): what cannot be read as a table at all, and more than 100,000 lines.
    """
    workbook = content.startswith(SIGNATURE)
    rows = _filled(xlsx_rows(content, sheet) if workbook else csv_rows(_no_old_workbook(content)))
    if (first := next(rows, None)) is None:
        raise FileRefused([Problem(f"The file is empty. Its first line names the columns {_one_of(columns, 'and')}.")])
    header = [as_text(cell) for cell in first[1]]
    places = _places(first[0], header, columns, optional, problems, others)
    named = {at for at, title in enumerate(header) if title}
    lines = [] if problems else [_line(at, row, places, named, problems) for at, row in islice(rows, MOST_LINES + 1)]
    if len(lines) > MOST_LINES:
        raise FileRefused(
            [Problem(f"At most {formats.number(MOST_LINES)} lines are imported at once: split the file.")]
        )
    return lines


def _no_old_workbook(content: bytes) -> bytes:
    if content.startswith(OLD_SIGNATURE):
        sentence = "This is a workbook of the old kind, or one with a password. Save it as XLSX without a password."
        raise FileRefused([Problem(sentence)])
    return content


def _filled(rows: Iterable[tuple[int, Sequence[Cell]]]) -> Iterator[tuple[int, list[Cell]]]:
    for number, row in rows:
        cells = [tidied(cell) for cell in row]
        if any(cell != "" for cell in cells):
            yield number, cells


def _places(
    number: int,
    header: list[str],
    columns: Sequence[str],
    optional: Sequence[str],
    problems: Problems,
    others: list[str] | None,
) -> dict[str, int]:
    """Where each column stands."""
    known = {name.casefold(): name for name in (*columns, *optional)}
    places: dict[str, int] = {}
    for at, title in enumerate(header):
        name = known.get(title.casefold(), "")
        if name in places:
            problems.add(f"The column {quoted(name)} is there twice: leave one of them.", number)
        elif name:
            places[name] = at
        elif title and others is not None:
            others.append(title)
        elif title:
            problems.add(f"No column is called {quoted(title)}: take it out, or call it {_one_of(columns)}.", number)
    for name in columns:
        if name not in places:
            problems.add(
                f"The column {quoted(name)} is missing. The first line names {_one_of(columns, 'and')}.", number
            )
    return places


def _one_of(columns: Sequence[str], last: str = "or") -> str:
    names = [quoted(name) for name in columns]
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if names[1:] else names[0]


def _line(number: int, row: list[Cell], places: dict[str, int], named: set[int], problems: Problems) -> Line:
    outside = [cell for at, cell in enumerate(row) if cell != "" and at not in named]
    if outside:
        what = quoted(as_text(outside[0]))
        problems.add(f"{what} stands in no column. A decimal comma would do that: numbers have a point.", number)
    return Line(number, {name: row[at] if at < len(row) else "" for name, at in places.items()})
