"""Everything that stands against a file, by line and column, told at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pages import formats
from pages.imports.cells import Cell, Formula
from pages.refusals import Refused

if TYPE_CHECKING:
    from pages.imports.tables import Line

Value = TypeVar("Value")


class Unreadable(Exception):
    """A cell does not hold what its column asks for. The message is a sentence that says what to write."""


@dataclass(frozen=True)
class Problem:
    """One thing to correct. Without a line it is about the file, without a column about the line; the file is named where
    several were brought together."""

    sentence: str
    line: int | None = None
    column: str = ""
    file: str = ""

    def __str__(self) -> str:
        line = [f"line {self.line}"] * (self.line is not None)
        where = ", ".join([*[self.file] * bool(self.file), *line, *[self.column] * bool(self.column)])
        start = where if self.file else f"{where[:1].upper()}{where[1:]}"
        return f"{start}: {self.sentence}" if where else self.sentence


class FileRefused(Refused):
    """Nothing of a file is imported, for the reasons in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line or 0))
        these = "this" if len(problems) == 1 else f"these {formats.number(len(problems))} things"
        super().__init__(f"Nothing is imported. Correct {these} in the file, then bring it again.")


class Problems(list[Problem]):
    """What is found while a file is read; `file` is its name, where several are read together."""

    def __init__(self, file: str = "") -> None:
        super().__init__()
        self.file = file

    def add(self, sentence: str, line: int | None = None, column: str = "") -> None:
        self.append(Problem(sentence, line, column, self.file))

    def read(self, line: Line, column: str, reader: Callable[[Cell], Value]) -> Value | None:
        """The value of a cell; None where there is none to be had, which is a problem then."""
        cell = line.cells[column]
        try:
            if isinstance(cell, Formula):
                raise Unreadable(f"Cell {cell.coordinate} holds a formula: put its value in its place.")
            return reader(cell)
        except Unreadable as error:
            self.add(str(error), line.number, column)
            return None

    def refuse(self) -> None:
        """Refused (FileRefused) where anything was found."""
        if self:
            raise FileRefused(self)
