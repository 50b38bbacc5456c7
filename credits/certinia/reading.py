"""The lines of a file as rows: values by column, each checked where it stands; and rows against what is stored."""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from credits.certinia.files import Brought
from credits.certinia.objects import ExportedObject
from pages import formats
from pages.exports import safe
from pages.imports import FileRefused, Line, Problem, Problems, Unreadable, read_day, read_number, read_table, read_text
from pages.imports.cells import Cell, as_text, quoted, tidied
from pages.refusals import Refused

Value = TypeVar("Value")
Reader = Callable[[Cell], Any]
Values = dict[str, Any]
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:.*", re.ASCII)
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Row:
    """A line whose every cell could be read."""

    line: int
    values: Values


@dataclass
class Part:
    """What a file says of one object: rows that are new, rows that are stored already, columns that are passed over."""

    about: ExportedObject
    file: str = ""
    new: list[Row] = field(default_factory=list)
    unchanged: int = 0
    passed_over: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [row.values[self.about.key] for row in self.new]


def read_lines(
    brought: Brought,
    columns: tuple[str, ...],
    problems: Problems,
    others: list[str],
    extra: Sequence[str] = (),
) -> list[Line]:
    """The lines of a file; what it cannot be read for goes to `problems`, under its name. Columns in `extra` may lack."""
    try:
        return read_table(
            brought.content, columns=columns, optional=extra, problems=problems, sheet=brought.sheet, others=others
        )
    except FileRefused as refused:
        problems.extend(Problem(each.sentence, each.line, each.column, brought.name) for each in refused.problems)
        return []


def read_cells(line: Line, readers: Mapping[str, Reader], problems: Problems) -> Values:
    """The values of the columns that are there."""
    there = ((column, reader) for column, reader in readers.items() if column in line.cells)
    return {column: problems.read(line, column, reader) for column, reader in there}


def sort_out(part: Part, rows: list[Row], stored: Mapping[str, Values], problems: Problems) -> list[Row]:
    """The rows that are new. One that is stored already is counted, or a problem in each column that differs."""
    for row in rows:
        before = stored.get(row.values[part.about.key])
        if before is None:
            part.new.append(row)
            continue
        said = [column for column in before if column in row.values]
        different = [column for column in said if as_brought(row.values[column]) != as_brought(before[column])]
        part.unchanged += not different
        for column in different:
            problems.add(_other(part.about.key, column, row, before), row.line, column)
    return part.new


def refuse_twice(lines: list[Line], key: str, problems: Problems) -> None:
    """One record in two lines is refused naming both, whatever they say."""
    first: dict[str, int] = {}
    for line in lines:
        name = as_text(line.cells[key])
        if name and (before := first.setdefault(name, line.number)) != line.number:
            sentence = f"{quoted(name)} is in line {before:,} and in line {line.number:,}. Leave one of them."
            problems.add(sentence, line.number, key)


def texts_of(lines: list[Line], column: str) -> set[str]:
    """What stands in a column, read or not."""
    return {text for line in lines if (text := as_text(line.cells[column]))}


def _other(key: str, column: str, row: Row, before: Values) -> str:
    name, there, here = row.values[key], shown(before[column]), shown(row.values[column])
    return (
        f"{name} is stored already with {there}, not with {here}. An import changes nothing that is stored: take the line "
        "out, or correct one of the two by hand."
    )


def as_brought(value: Any) -> Any:
    """What an export and an import make of a value: of a text, without the spaces around it."""
    return tidied(safe(value)) if isinstance(value, str) else value


def shown(value: Any) -> str:
    """A value as a sentence names it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return formats.exact(value)
    return "nothing" if value in (None, "") else quoted(str(value)) if isinstance(value, str) else str(value)


def kept(reader: Callable[[Cell], Value], rule: Callable[[Value], object]) -> Callable[[Cell], Value]:
    """A reader that keeps a rule of the services: what they refuse, it refuses in their words."""

    def read(cell: Cell) -> Value:
        value = reader(cell)
        try:
            rule(value)
        except Refused as refused:
            raise Unreadable(refused.message) from refused
        return value

    return read


def optional(reader: Callable[[Cell], Value]) -> Callable[[Cell], Value | None]:
    """An empty cell is none."""
    return lambda cell: None if cell == "" else reader(cell)


def name_of(most: int, example: str) -> Callable[[Cell], str]:
    """A text of at most so many characters."""

    def read(cell: Cell) -> str:
        text = read_text(cell, example)
        if len(text) > most:
            raise Unreadable(f"{quoted(text)} has {len(text):,} characters; {most} fit.")
        return text

    return read


def one_of(known: Mapping[str, Any], what: str, advice: str) -> Callable[[Cell], str]:
    """A code that is known."""

    def read(cell: Cell) -> str:
        text = read_text(cell, what)
        if text not in known:
            raise Unreadable(f"{quoted(text)} is not known. {advice}")
        return text

    return read


def read_whole(cell: Cell) -> int:
    """A whole number; an export may write 10 as 10.0."""
    number = read_number(cell, max_digits=30, decimal_places=12)
    if number != int(number):
        raise Unreadable(f"{quoted(as_text(cell))} is not a whole number: credits are whole.")
    return int(number)


def read_boolean(cell: Cell) -> bool:
    text = read_text(cell, "true or false")
    if text.casefold() not in BOOLEANS:
        raise Unreadable(f"{quoted(text)} is neither true nor false.")
    return BOOLEANS[text.casefold()]


def day_in(zone: datetime.tzinfo) -> Callable[[Cell], datetime.date]:
    """A date, or the day of the company at an instant such as 2026-11-24T23:30:00.000Z."""

    def read(cell: Cell) -> datetime.date:
        text = cell.isoformat() if isinstance(cell, datetime.datetime) else as_text(cell)
        if not INSTANT.fullmatch(text):
            return read_day(cell)
        try:
            at = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise Unreadable(f"{quoted(text)} is no instant: write it as 2026-11-24T23:30:00Z, or a date.") from None
        return at.astimezone(zone).date() if at.tzinfo else at.date()

    return read
