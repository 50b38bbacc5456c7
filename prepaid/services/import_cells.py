"""Cells of files of prepaid services as values. What is not certain is not guessed: it is refused with a sentence."""

import datetime
from collections.abc import Callable, Mapping
from typing import TypeVar

from pages.imports import Unreadable, read_day, read_text
from pages.imports.cells import Cell, as_text, quoted

YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
MOST_SERVICES, MOST_BALANCES = 2_000, 500  # what somebody can wait for, twice: when it is shown and when it is done

Value = TypeVar("Value")


def text_of(most: int, *, needed: str = "") -> Callable[[Cell], str]:
    """Reads a text of at most so many characters; with `needed`, one that is not empty, and what it is."""

    def read(cell: Cell) -> str:
        text = read_text(cell, needed) if needed else as_text(cell)
        if len(text) > most:
            raise Unreadable(f"{quoted(text)} has {len(text):,} characters: at most {most} are kept.")
        return text

    return read


def one_of(known: Mapping[str, Value], noun: str, *, or_none: bool = False) -> Callable[[Cell], Value | None]:
    """Reads the code of something that is set up."""

    def read(cell: Cell) -> Value | None:
        if or_none and cell == "":
            return None
        code = read_text(cell, f"the code or number of a {noun}")
        if code not in known:
            raise Unreadable(f"There is no {noun} {quoted(code)}. Correct the code, or set it up first.")
        return known[code]

    return read


def choice_of(choices: list[tuple[str, str]]) -> Callable[[Cell], str]:
    """Reads a choice by its label, in capitals or not."""
    by_label = {label.casefold(): value for value, label in choices}
    labels = " or ".join(label for _, label in choices)

    def read(cell: Cell) -> str:
        text = read_text(cell, labels)
        if text.casefold() not in by_label:
            raise Unreadable(f"{quoted(text)} is none of its values: write {labels}.")
        return by_label[text.casefold()]

    return read


def read_yes_or_no(cell: Cell) -> bool:
    text = as_text(cell).casefold()
    if text not in (*YES, *NO):
        raise Unreadable(f"{quoted(as_text(cell))} is neither Yes nor No.")
    return text in YES


def read_day_or_none(cell: Cell) -> datetime.date | None:
    return None if cell == "" else read_day(cell)
