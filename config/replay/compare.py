"""What the business events make of lots and books, against what is stored: the differences, customer by customer."""

import datetime
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from config.replay import events, prepaid
from config.replay.by_hand import ManualLine, manual
from config.replay.events import Booked, Told
from config.replay.lots import DayOf, replayed, worked_out
from config.replay.model import Company, Entry, Line
from config.replay.times import Accounts, Calendar, Rates


@dataclass(frozen=True)
class Difference:
    """Of which lot or entry, in what; by the events and as stored."""

    subject: str
    field: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.subject}, {self.field}: {self.expected} by the events, {self.found} as stored"


@dataclass
class Replayed:
    """How much was compared, and the first differences."""

    customers: int = 0
    lots: int = 0
    inflows: int = 0  # of prepaid services
    entries: int = 0
    lines: int = 0


def replay(seen: Replayed, *, day_of: DayOf | None = None) -> Iterator[Difference]:
    """Works everything out anew and gives what differs, as it is found; `seen` counts what was compared. All of it is the
    books of one moment. `day_of` tells the company's date of a moment that the database noted."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        company, calendar = read_company()
        day_of = day_of or (lambda at: at.astimezone(company.zone).date())
        for told in events.customers():
            yield from compare(company, calendar, told, day_of, seen)
        yield from compare_prepaid(company, calendar, seen)


def read_company() -> tuple[Company, Calendar]:
    setup = events.table("ledger_ledgersetup")
    [(lcy, time_zone)] = events.rows("SELECT lcy_id, time_zone FROM ledger_ledgersetup")
    decimals = dict(events.rows("SELECT code, decimals FROM ledger_currency"))
    rates, accounts = events.table("ledger_exchangerate"), events.table("ledger_postingsetup")
    calendar = Calendar(events.table("ledger_accountingperiod"), setup)
    zone = zoneinfo.ZoneInfo(time_zone)
    rules = events.table("credits_accountrules", "account_id")
    return Company(lcy, zone, decimals, Rates(lcy, rates), Accounts(accounts), setup, rules), calendar


def compare(company: Company, calendar: Calendar, told: Told, day_of: DayOf, seen: Replayed) -> Iterator[Difference]:
    books = {entry.key: entry for entry in told.journal if not prepaid.is_ours(entry.key)}
    if told.account == events.OWN:
        lots, expected = {}, own_entries(company, books)
    else:
        customer = replayed(company, told, day_of)
        lots, expected = customer.lots, customer.entries
        seen.customers += 1
    seen.lots += len(lots)
    seen.entries += len(told.journal)
    seen.lines += sum(len(entry.lines) for entry in told.journal)
    yield from compare_keys(expected, books)
    for key, entry in expected.items():
        if key in books:
            yield from compare_entry(entry, books[key], calendar)
    for row in told.lots:
        yield from compare_fields(f"lot {row['number']}", worked_out(company, lots[row["id"]]), row)


def compare_prepaid(company: Company, calendar: Calendar, seen: Replayed) -> Iterator[Difference]:
    """The prepaid services, customer by customer."""
    for told, made in prepaid.Customers(company).replayed():
        seen.inflows += len(made.inflows)
        yield from compare_keys(made.entries, told.journal)
        for key, entry in made.entries.items():
            if (stored := told.journal.get(key)) is not None:
                yield from compare_entry(prepaid.as_stored(entry, stored.lines), stored, calendar)
        for subject, expected, found in prepaid.compared(told, made):
            yield from compare_fields(subject, expected, found)


def own_entries(company: Company, books: dict[str, Booked]) -> dict[str, Entry]:
    """The entries that belong to no customer: those by hand and their reversals, which have no other record than their
    own entry: their day is taken from it."""
    expected = {}
    for number, currency, day, lines in events.manual_entries():
        key = f"manual:{number}"
        at = books[key].at if key in books else datetime.datetime.now(datetime.UTC)
        entry = expected[key] = manual(company, key, currency, day, [ManualLine(*line) for line in lines], at)
        if (reversal := books.get(f"{key}:reverse")) is not None:
            mirrored = [line.mirror for line in entry.lines]
            on = max(day, reversal.effective_on)
            expected[reversal.key] = Entry(reversal.key, on, mirrored, reverses=key)
    return expected


def compare_keys(expected: dict[str, Entry], books: dict[str, Booked]) -> Iterator[Difference]:
    for key in expected.keys() - books.keys():
        yield Difference(f"entry {key}", "the entry", "posted", "missing")
    for key in books.keys() - expected.keys():
        yield Difference(f"entry {key}", "the entry", "not posted", "there")


def compare_entry(expected: Entry, found: Booked, calendar: Calendar) -> Iterator[Difference]:
    subject = f"entry {expected.key}"
    if expected.effective_on != found.effective_on:
        yield Difference(subject, "effective on", f"{expected.effective_on}", f"{found.effective_on}")
    days = calendar.days(expected.effective_on, found.at, by_night=found.by_night)
    if found.posting_date not in days:
        yield Difference(subject, "posting date", " or ".join(map(str, sorted(days))), f"{found.posting_date}")
    if expected.reverses != found.reverses:
        yield Difference(subject, "reverses", expected.reverses or "nothing", found.reverses or "nothing")
    if len(expected.lines) != len(found.lines):
        yield Difference(subject, "lines", f"{len(expected.lines)}", f"{len(found.lines)}")
    for number, (line, stored) in enumerate(zip(expected.lines, found.lines, strict=False), start=1):
        if line != stored:
            yield from compare_fields(f"{subject}, line {number}", line._asdict(), Line(*stored)._asdict())


def compare_fields(subject: str, expected: dict[str, Any], found: dict[str, Any]) -> Iterator[Difference]:
    for name, value in expected.items():
        if value != found[name]:
            yield Difference(subject, name.replace("_", " "), said(value), said(found[name]))


def said(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return "nothing" if value is None or value == "" else f"{value}"
