"""What the company's tables said at a moment: rates, accounts of the posting setup, periods. Standard library only."""

import bisect
import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ALWAYS = datetime.datetime.min.replace(tzinfo=datetime.UTC)
FOREVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A row of a change log: what became of which row, when. `changes` is {column: [before, after]}."""

    at: datetime.datetime
    row: str
    kind: str
    changes: dict[str, list]


@dataclass(frozen=True)
class Version:
    """What a row said from a moment on, until another."""

    row: Row
    since: datetime.datetime
    until: datetime.datetime

    def holds(self, at: datetime.datetime) -> bool:
        return self.since <= at < self.until


def states(row: Row | None, log: list[Change]) -> list[Row | None]:
    """What a row said before its first change and after each: from its creation on where the log knows it, else backwards
    from what it says now."""
    if log and log[0].kind == "insert":
        found: list[Row | None] = [None]
        for change in log:
            found.append(_after(found[-1], change))
        return found
    found = [row]
    for change in reversed(log):
        found.insert(0, _before(found[0], change))
    return found


def _after(row: Row | None, change: Change) -> Row | None:
    if change.kind == "delete":
        return None
    return {**(row or {}), **{name: pair[1] for name, pair in change.changes.items()}}


def _before(row: Row | None, change: Change) -> Row | None:
    if change.kind == "insert":
        return None
    return {**(row or {}), **{name: pair[0] for name, pair in change.changes.items()}}


def versions(rows: dict[str, Row], log: Iterable[Change]) -> list[Version]:
    """Everything the rows of a table have ever said, by the log of their changes in its order."""
    by_row: dict[str, list[Change]] = {key: [] for key in rows}
    for change in log:
        by_row.setdefault(change.row, []).append(change)
    found = []
    for key, changes in by_row.items():
        moments = [ALWAYS, *(change.at for change in changes), FOREVER]
        for at, state in enumerate(states(rows.get(key), changes)):
            if state is not None:
                found.append(Version(state, moments[at], moments[at + 1]))
    return found


class Rates:
    """LCY per unit, by date, as they were known at a moment."""

    def __init__(self, lcy: str, known: list[Version]) -> None:
        self.lcy = lcy
        self.by_currency: dict[str, list[Version]] = {}
        for version in sorted(known, key=lambda version: version.row["starting_on"]):
            self.by_currency.setdefault(version.row["currency_id"], []).append(version)

    def on(self, currency: str, day: datetime.date, at: datetime.datetime) -> Any:
        """That with the latest starting date on or before the day; 1 for the LCY; None where there was none."""
        if currency == self.lcy:
            return 1
        known = self.by_currency.get(currency, [])
        end = bisect.bisect_right(known, day, key=lambda version: version.row["starting_on"])
        return next((version.row["rate"] for version in reversed(known[:end]) if version.holds(at)), None)


class Accounts:
    """The general posting setup: which account a posting takes, by the groups of customer and product."""

    def __init__(self, known: list[Version]) -> None:
        self.cells: dict[tuple[str, str], list[Version]] = {}
        for version in known:
            cell = version.row["business_group_id"], version.row["product_group_id"]
            self.cells.setdefault(cell, []).append(version)

    def of(self, name: str, business_group: str, product_group: str, at: datetime.datetime) -> str | None:
        known = self.cells.get((business_group, product_group), [])
        return next((version.row[f"{name}_id"] for version in known if version.holds(at)), None)


class Calendar:
    """The periods and the first day of postings, as they stood at a moment."""

    def __init__(self, periods: list[Version], setup: list[Version]) -> None:
        self.periods, self.setup = periods, setup
        self.turns = sorted({version.since for version in (*periods, *setup)})
        self._open_day = lru_cache(maxsize=100_000)(self._look)

    def days(self, day: datetime.date, at: datetime.datetime, *, by_night: bool) -> set[datetime.date]:
        """The days on which the books could take an event of `day`. For a person there may be two: whether they were
        among those who may post in soft-closed periods is not kept."""
        turn = bisect.bisect_right(self.turns, at) - 1
        return {self._open_day(day, turn, soft) for soft in ([True] if by_night else [True, False])}

    def _look(self, day: datetime.date, turn: int, soft: bool) -> datetime.date:
        """The first open day, where soft-closed periods are closed if `soft`."""
        at = self.turns[turn] if turn >= 0 else ALWAYS
        first = next((version.row.get("posting_from") for version in self.setup if version.holds(at)), None)
        day = max(day, first) if first else day
        shut = [version.row for version in self.periods if version.holds(at) and _is_shut(version.row, soft)]
        return max([day, *(period["ends_on"] + DAY for period in shut)])


def _is_shut(period: Row, soft: bool) -> bool:
    return bool(period.get("closed_at") or (soft and period.get("soft_closed_at")))
