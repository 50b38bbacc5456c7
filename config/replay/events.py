"""The business events as they are stored, read by plain SQL and streamed customer by customer, so that any number of lots
takes the memory of one customer."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

from config.replay.times import Change, Row, Version, versions

AT_A_TIME = 5000
OWN = 0  # what belongs to no customer

LOTS = """
SELECT account_id, id, number, draft, confirmations, purchased_on, currency_id, number_of_credits, amount_paid_per_credit,
       product_group_id, business_group_id, dimensions::text, starts_on, expires_on, credits_allocated, credits_expired,
       credits_refunded, credits_available, credits_released, credits_consumed, released, released_lcy, estimated,
       estimated_lcy, breakage_rate, deferred, exchange_rate, paid_total_lcy, deferral_account_id
FROM credits_purchase ORDER BY account_id, id
"""

HISTORY = """
SELECT p.account_id, p.id, c.at, c.kind, c.changes::text
FROM ledger_changelogentry c JOIN credits_purchase p ON p.id = c.row::bigint
WHERE c.table = 'credits_purchase' ORDER BY p.account_id, p.id, c.id
"""

DATES = """
SELECT p.account_id, p.id, d.changed_at, d.new_starts_on, d.new_expires_on
FROM credits_purchasedatechange d JOIN credits_purchase p ON p.id = d.purchase_id ORDER BY p.account_id, d.id
"""

DRAWN = """
SELECT c.account_id, c.id, c.purchase_id, c.milestone_id, c.allocation_id, c.consumption_type, c.credits, c.consumed_on,
       c.created_at, a.recognise
FROM credits_consumption c JOIN credits_allocation a ON a.id = c.allocation_id ORDER BY c.account_id, c.id
"""

CANCELED = """
SELECT p.account_id, c.correction_id, c.purchase_id, c.credits, o.kept_percent, c.canceled_on, c.created_at
FROM credits_cancellation c JOIN credits_purchase p ON p.id = c.purchase_id
JOIN credits_correction o ON o.id = c.correction_id ORDER BY p.account_id, c.id
"""

# When which lot was brought up to which breakage estimate.
EXPECTED = """
SELECT p.account_id, r.event_key, r.purchase_id, r.breakage_rate, r.effective_on, r.created_at
FROM credits_release r JOIN credits_purchase p ON p.id = r.purchase_id
WHERE r.cause = 'estimated' ORDER BY p.account_id, r.id
"""

COMPLETED = """
SELECT j.account_id, c.id, c.milestone_id, c.sequence, c.actual_on, c.completed_at, c.earned_on, c.reopened_at
FROM credits_completion c
JOIN credits_milestone m ON m.id = c.milestone_id JOIN opportunities_project j ON j.id = m.project_id
ORDER BY j.account_id, c.id
"""

MANUAL = """
SELECT m.id, m.currency_id, m.effective_on, l.account_id, l.product_group_id, l.debit, l.credit, l.dimensions::text
FROM ledger_manualentry m JOIN ledger_manualentryline l ON l.manual_entry_id = m.id
WHERE m.state = 'posted' ORDER BY m.id, l.line_no
"""

# An entry belongs to the customer of its lines.
JOURNAL = """
SELECT coalesce(max(substring(l.party FROM '^account:([0-9]{1,18})$')::bigint) OVER (PARTITION BY e.id), 0) AS account_id,
       e.id, e.event_key, e.posting_date, e.effective_on, e.created_by_id IS NULL AS by_night, e.created_at,
       coalesce(r.event_key, '') AS reverses, l.account_id AS account, l.product_group_id, l.currency_id, l.debit, l.credit,
       l.debit_lcy, l.credit_lcy, l.party, l.lot, l.dimensions::text
FROM ledger_journalentry e
LEFT JOIN ledger_journalentry r ON r.id = e.reverses_id
LEFT JOIN ledger_journalline l ON l.entry_id = e.id
ORDER BY 1, e.id, l.line_no
"""


class Completion(NamedTuple):
    id: int
    milestone: int
    sequence: int
    actual_on: datetime.date
    completed_at: datetime.datetime
    earned_on: datetime.date | None
    reopened_at: datetime.datetime | None


class Drawn(NamedTuple):
    id: int
    lot: int
    milestone: int | None
    allocation: int
    kind: str
    credits: int
    on: datetime.date
    at: datetime.datetime
    recognise: str


class Canceled(NamedTuple):
    correction: int
    lot: int
    credits: int
    kept_percent: Decimal
    on: datetime.date
    at: datetime.datetime


class Expected(NamedTuple):
    key: str
    lot: int
    rate: Decimal
    on: datetime.date
    at: datetime.datetime


class Booked(NamedTuple):
    """A journal entry as it is stored, with its lines as tuples."""

    id: int
    key: str
    posting_date: datetime.date
    effective_on: datetime.date
    by_night: bool
    at: datetime.datetime
    reverses: str
    lines: list[tuple]


@dataclass(frozen=True)
class Told:
    """Everything that is stored about one customer."""

    account: int
    lots: list[Row]
    history: dict[int, list[Change]]
    dates: list[tuple]
    drawn: list[Drawn]
    completed: list[Completion]
    canceled: list[Canceled]
    expected: list[Expected]
    journal: list[Booked]

    @cached_property
    def by_milestone(self) -> dict[int | None, list[Drawn]]:
        found: dict[int | None, list[Drawn]] = {}
        for drawn in self.drawn:
            found.setdefault(drawn.milestone, []).append(drawn)
        return found


def rows(sql: str) -> Iterator[tuple]:
    """The rows, some at a time, from a cursor of the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(AT_A_TIME):
            yield from found


def dicts(sql: str) -> Iterator[Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(AT_A_TIME):
            names = [column.name for column in cursor.description]
            yield from (dict(zip(names, row, strict=True)) for row in found)


def customers() -> Iterator[Told]:
    """Customer after customer; first, as number 0, what belongs to none."""
    lots = ((row["account_id"], row) for row in dicts(LOTS))
    told = (HISTORY, DATES, DRAWN, COMPLETED, CANCELED, EXPECTED, JOURNAL)
    for account, parts in together(lots, *map(rows, told)):
        lot_rows, history, dates, drawn, completed, canceled, expected, journal = parts
        yield Told(
            account,
            [row for _, row in lot_rows],
            {
                lot: [Change(at, str(lot), kind, read(changes)) for _, _, at, kind, changes in group]
                for lot, group in groupby(history, key=itemgetter(1))
            },
            [row[1:] for row in dates],
            [Drawn(*row[1:]) for row in drawn],
            [Completion(*row[1:]) for row in completed],
            [Canceled(*row[1:]) for row in canceled],
            [Expected(*row[1:]) for row in expected],
            [booked(list(lines)) for _, lines in groupby(journal, key=itemgetter(1))],
        )


def together(*streams: Iterator[tuple]) -> Iterator[tuple[int, list[list[tuple]]]]:
    """Streams that are sorted by their first column, group by group: (value, the rows of each stream)."""
    grouped = [groupby(stream, key=itemgetter(0)) for stream in streams]
    heads = [next(groups, None) for groups in grouped]
    while any(heads):
        first = min(head[0] for head in heads if head)
        taken: list[list[tuple]] = []
        for at, head in enumerate(heads):
            mine = head is not None and head[0] == first
            taken.append(list(head[1]) if mine and head else [])
            heads[at] = next(grouped[at], None) if mine else head
        yield first, taken


def booked(lines: list[tuple]) -> Booked:
    """One entry of the rows of JOURNAL, which repeat its header with each line."""
    stored = [(*line[8:17], read(line[17])) for line in lines if line[8] is not None]
    return Booked._make((*lines[0][1:8], stored))


def manual_entries() -> Iterator[tuple[int, str, datetime.date, list[tuple]]]:
    """(number, currency, day, lines) of every entry by hand that was posted."""
    for (entry, currency, day), lines in groupby(rows(MANUAL), key=itemgetter(0, 1, 2)):
        yield entry, currency, day, [(*line[3:7], read(line[7])) for line in lines]


def table(name: str, key: str = "id") -> list[Version]:
    """Every state of the rows of a small table, by the change log."""
    stored = {str(row[key]): row for row in dicts(f"SELECT * FROM {name}")}
    logged = rows(
        f"SELECT at, row, kind, changes::text FROM ledger_changelogentry WHERE \"table\" = '{name}' ORDER BY id"
    )
    log = [Change(at, row, kind, dated(read(changes))) for at, row, kind, changes in logged]
    return versions(stored, log)


def read(text: str) -> Any:
    """JSON with its numbers exact."""
    return json.loads(text, parse_float=Decimal)


def dated(changes: dict[str, list]) -> dict[str, list]:
    """The log holds dates as texts."""
    return {
        name: [datetime.date.fromisoformat(each) if each else None for each in pair]
        if name.endswith("_on") or name.startswith("posting_")
        else pair
        for name, pair in changes.items()
    }
