"""When each lot counted, and with which terms: told by the change log, so that a lot that went back to draft or was
renegotiated is on every past day what it was then."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from credits.models import Purchase
from ledger.dates import company_time_zone, end_of
from ledger.models import ChangeLogEntry
from opportunities.models import Account

TERMS = ("purchased_on", "currency_id", "number_of_credits", "starts_on", "expires_on")


class Dates(NamedTuple):
    """The first and the last usable day of a lot, and the instant until which they were these."""

    starts_on: Any
    expires_on: Any
    until: datetime.datetime


@dataclass(frozen=True)
class Lifetime:
    """A lot for as long as it was confirmed: its credits count from the day `since` to the day before `until`.

    It counts from its day of purchase; confirmed once more, not before the day on which it was taken back. `dates` are all
    that it had meanwhile, the earliest first.
    """

    lot: Purchase
    currency: str
    credits: int
    since: datetime.date
    until: datetime.date | None
    confirmed_at: datetime.datetime
    ended_at: datetime.datetime
    dates: tuple[Dates, ...]

    def counts_on(self, day: datetime.date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def dates_at(self, end: datetime.datetime) -> Dates:
        """As they stood before the instant at which a day ended."""
        return next((dates for dates in self.dates if dates.until >= end), self.dates[-1])


def lots_of(account: Account) -> QuerySet[Purchase]:
    """The lots that are or were confirmed, with what the reports of their credits say of them."""
    told = ("number", "draft", "created_at", "amount_paid_per_credit", *TERMS)
    return Purchase.objects.filter(account=account, confirmations__gt=0).only(*told)


def lifetimes(lots: Iterable[Purchase]) -> list[Lifetime]:
    """Of all lots that are or were confirmed. Two queries, however many there are."""
    lots = list(lots)
    logged, zone = _logged(lots), company_time_zone()
    return [life for lot in lots for life in _one_after_another(_Walk(lot, zone).back(logged[str(lot.pk)]))]


def _logged(lots: list[Purchase]) -> dict[str, list[ChangeLogEntry]]:
    """What the change log says of the terms of each lot, the latest first; of its entry only that it was confirmed by it."""
    rows = ChangeLogEntry.objects.filter(table=Purchase._meta.db_table, row__in=[str(lot.pk) for lot in lots])
    told = Q(kind=ChangeLogEntry.Kind.UPDATE, changes__has_any_keys=["draft", *TERMS]) | Q(changes__draft__1=False)
    by_lot: dict[str, list[ChangeLogEntry]] = defaultdict(list)
    for row in rows.filter(told).only("row", "at", "changes").order_by("-id"):
        by_lot[row.row].append(row)
    return by_lot


def _one_after_another(lives: Iterable[Lifetime]) -> Iterator[Lifetime]:
    """None of a lot's lifetimes begins before the one before it has ended."""
    ended = datetime.date.min
    for life in lives:
        yield replace(life, since=max(life.since, ended))
        ended = life.until or ended


class _Walk:
    """From what a lot is now back to its entry, undoing one change after the other."""

    def __init__(self, lot: Purchase, zone: datetime.tzinfo) -> None:
        self.lot, self.zone = lot, zone
        self.terms = {name: getattr(lot, name) for name in TERMS}
        self.found: list[Lifetime] = []
        self.until: datetime.date | None = None
        self.ended_at = end_of(None)
        self.confirmed, self.dates = not lot.draft, [self.dates_until(self.ended_at)]

    def back(self, changes: list[ChangeLogEntry]) -> list[Lifetime]:
        """The lifetimes, the earliest first. What was confirmed before the log began was so from its entry."""
        for change in changes:
            self.undo(change)
        if self.confirmed:
            self.begins(self.lot.created_at)
        return self.found

    def undo(self, change: ChangeLogEntry) -> None:
        draft = change.changes.get("draft", [None, None])[1]
        if draft is False:
            self.begins(change.at)
        self.terms |= {name: _read(name, pair[0]) for name, pair in change.changes.items() if name in TERMS}
        if draft:
            self.ends(change.at)
        elif self.confirmed and self.dates_until(change.at)[:2] != self.dates[0][:2]:
            self.dates.insert(0, self.dates_until(change.at))

    def begins(self, at: datetime.datetime) -> None:
        terms = (self.terms["currency_id"], self.terms["number_of_credits"], self.terms["purchased_on"], self.until)
        self.found.insert(0, Lifetime(self.lot, *terms, at, self.ended_at, tuple(self.dates)))
        self.confirmed = False

    def ends(self, at: datetime.datetime) -> None:
        self.ended_at, self.until = at, at.astimezone(self.zone).date()
        self.confirmed, self.dates = True, [self.dates_until(at)]

    def dates_until(self, at: datetime.datetime) -> Dates:
        return Dates(self.terms["starts_on"], self.terms["expires_on"], at)


def _read(name: str, value: Any) -> Any:
    return datetime.date.fromisoformat(value) if value and name.endswith("_on") else value
