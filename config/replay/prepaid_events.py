"""The business events of prepaid services as they are stored, read by plain SQL and streamed customer by customer: posted
documents with what was typed into them, entries by hand that were asked for, and which residuals an expiry took."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from config.replay import contracts_events
from config.replay.contracts_events import KEY, Stored
from config.replay.events import Booked, booked, dated, read, rows, table, together
from config.replay.times import Change, Version, versions

KEYS = ("sales-document:", "prepaid-entry:", "prepaid-expiry:", KEY)

DOCUMENTS = """
SELECT account_id, id, type, posted_on, currency_id, bill_to_id, business_group_id, exchange_rate, corrects_id,
       credit_scope
FROM prepaid_salesdocument WHERE state = 'posted' ORDER BY account_id, id
"""

LINES = """
SELECT d.account_id, l.id, l.document_id, l.kind, l.role, l.quantity, l.unit_of_measure, l.unit_price, l.discount_percent,
       l.vat_percent,
       coalesce(l.vat_business_group_id, '') || '/' || coalesce(l.vat_product_group_id, ''), l.product_group_id,
       l.prepaid_service_id, l.by_hand, l.vat_account_id, l.corrects_line_id, l.net, l.vat, l.covered, l.covered_net,
       l.covered_vat, l.due_lcy, l.due_vat_lcy, l.ledger_account_id, l.receivable_account_id
FROM prepaid_salesline l JOIN prepaid_salesdocument d ON d.id = l.document_id
WHERE d.state = 'posted' ORDER BY d.account_id, l.document_id, l.line_no
"""

REQUESTS = """
SELECT s.account_id, r.id, r.service_id, r.entry_type, r.posted_on, r.amount, r.quantity, r.valid_until, r.quantity_only,
       r.product_group_id, r.balancing_account_id
FROM prepaid_entryrequest r JOIN prepaid_prepaidservice s ON s.id = r.service_id
WHERE r.state = 'posted' ORDER BY s.account_id, r.id
"""

SERVICES = """
SELECT account_id, id, number, type, unit_of_measure, coalesce(currency_id, '')
FROM prepaid_prepaidservice ORDER BY account_id, id
"""

ENTRIES = """
SELECT s.account_id, e.id, e.event_key, e.service_id, e.entry_type, e.posted_on, e.amount, e.amount_lcy, e.quantity,
       e.valid_until, e.product_group_id, e.business_group_id, e.deferral_account_id, e.deferral_group_id, e.exchange_rate,
       e.came_from_id, e.line_id, e.created_at, b.remaining, b.remaining_lcy, b.remaining_quantity, b.expired, b.expired_lcy,
       b.expired_quantity
FROM prepaid_prepaidentry e
JOIN prepaid_prepaidservice s ON s.id = e.service_id
LEFT JOIN prepaid_inflowbalance b ON b.entry_id = e.id
ORDER BY s.account_id, e.id
"""

TAKEN = """
SELECT s.account_id, o.event_key, a.inflow_id, coalesce(a.used_line_id, 0), a.amount, a.amount_lcy, a.quantity,
       a.revenue_account_id, a.revenue_group_id
FROM prepaid_application a
JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
JOIN prepaid_prepaidservice s ON s.id = o.service_id
ORDER BY s.account_id, a.id
"""

# An entry belongs to the customer of its event; one without an event to nobody.
JOURNAL = """
SELECT coalesce(d.account_id, r.account_id, i.account_id, p.account_id, 0) AS account_id,
       e.id, e.event_key, e.posting_date, e.effective_on, e.created_by_id IS NULL AS by_night, e.created_at,
       coalesce(reversed.event_key, '') AS reverses, l.account_id AS account, l.product_group_id, l.currency_id, l.debit,
       l.credit, l.debit_lcy, l.credit_lcy, l.party, l.lot, l.dimensions::text
FROM ledger_journalentry e
LEFT JOIN ledger_journalentry reversed ON reversed.id = e.reverses_id
LEFT JOIN ledger_journalline l ON l.entry_id = e.id
LEFT JOIN prepaid_salesdocument d ON e.event_key = 'sales-document:' || d.id
LEFT JOIN (
    SELECT r.id, s.account_id FROM prepaid_entryrequest r JOIN prepaid_prepaidservice s ON s.id = r.service_id
) r ON e.event_key = 'prepaid-entry:' || r.id
LEFT JOIN (
    SELECT p.id, s.account_id FROM prepaid_prepaidentry p JOIN prepaid_prepaidservice s ON s.id = p.service_id
) i ON e.event_key = 'prepaid-expiry:' || i.id
LEFT JOIN (
    SELECT l.id, d.account_id FROM prepaid_deferralline l JOIN prepaid_contractdeferral d ON d.id = l.deferral_id
) p ON e.event_key LIKE 'contract-release:%' AND split_part(e.event_key, ':', 2) = p.id::text
WHERE e.event_key ~ '^(sales-document|prepaid-entry|prepaid-expiry|contract-release):'
ORDER BY 1, e.id, l.line_no
"""

DIMENSIONS = {
    "opportunities_account": """
        SELECT id, dimensions::text FROM opportunities_account
        WHERE id IN (SELECT account_id FROM prepaid_prepaidservice UNION SELECT account_id FROM prepaid_salesdocument)
    """,
    "prepaid_prepaidservice": "SELECT id, to_json(dimension_value)::text FROM prepaid_prepaidservice",
}
COLUMNS = {"opportunities_account": "dimensions", "prepaid_prepaidservice": "dimension_value"}


class Document(NamedTuple):
    id: int
    type: str
    posted_on: datetime.date
    currency: str
    bill_to: int
    business_group: str
    rate: Decimal
    corrects: int | None
    scope: str

    @property
    def key(self) -> str:
        return f"sales-document:{self.id}"


class SoldLine(NamedTuple):
    """What was typed into a line, what its posting found, and after `corrects` what it came to."""

    id: int
    document: int
    kind: str
    role: str
    quantity: Decimal
    unit: str
    price: Decimal
    discount: Decimal
    vat_percent: Decimal
    vat_groups: str
    product_group: str
    service: int | None
    by_hand: bool
    vat_account: str | None
    corrects: int | None
    net: Decimal
    vat: Decimal
    covered: Decimal
    covered_net: Decimal
    covered_vat: Decimal
    due_lcy: Decimal
    due_vat_lcy: Decimal
    ledger_account: str | None
    receivable_account: str | None


class Asked(NamedTuple):
    """An entry by hand."""

    id: int
    service: int
    entry_type: str
    posted_on: datetime.date
    amount: Decimal
    quantity: Decimal
    valid_until: datetime.date | None
    quantity_only: bool
    product_group: str | None
    balancing_account: str | None

    @property
    def key(self) -> str:
        return f"prepaid-entry:{self.id}"


class Service(NamedTuple):
    id: int
    number: str
    type: str
    unit: str
    currency: str


class Written(NamedTuple):
    """A prepaid ledger entry as it is stored, an inflow with what is left of it."""

    id: int
    key: str
    service: int
    entry_type: str
    posted_on: datetime.date
    amount: Decimal
    amount_lcy: Decimal
    quantity: Decimal
    valid_until: datetime.date | None
    product_group: str | None
    business_group: str | None
    deferral_account: str | None
    deferral_group: str | None
    exchange_rate: Decimal | None
    came_from: int | None
    line: int | None
    at: datetime.datetime
    remaining: Decimal | None
    remaining_lcy: Decimal | None
    remaining_quantity: Decimal | None
    expired: Decimal | None
    expired_lcy: Decimal | None
    expired_quantity: Decimal | None


class Taken(NamedTuple):
    """An application as it is stored: by which event, of which inflow, for which line."""

    key: str
    inflow: int
    line: int
    amount: Decimal
    amount_lcy: Decimal
    quantity: Decimal
    revenue_account: str | None
    revenue_group: str | None


@dataclass(frozen=True)
class Told:
    """Everything that is stored about the prepaid services of one customer."""

    account: int
    services: dict[int, Service]
    documents: dict[int, Document]
    lines: dict[int, list[SoldLine]]
    requests: list[Asked]
    entries: list[Written]
    taken: list[Taken]
    journal: dict[str, Booked]
    contracts: Stored


def customers() -> Iterator[Told]:
    told = (SERVICES, DOCUMENTS, LINES, REQUESTS, ENTRIES, TAKEN, JOURNAL)
    agreed = (contracts_events.PERIODS, contracts_events.DEFERRALS, contracts_events.PARTS)
    for account, parts in together(*map(rows, (*told, *agreed))):
        services, documents, lines, requests, entries, taken, journal, *contracts = parts
        sold = [SoldLine(*row[1:]) for row in lines]
        yield Told(
            account,
            {row[1]: Service(*row[1:]) for row in services},
            {row[1]: Document(*row[1:]) for row in documents},
            {key: list(group) for key, group in groupby(sold, key=lambda line: line.document)},
            [Asked(*row[1:]) for row in requests],
            [Written(*row[1:]) for row in entries],
            [Taken(*row[1:]) for row in taken],
            {entry.key: entry for _, group in groupby(journal, key=itemgetter(1)) for entry in [booked(list(group))]},
            contracts_events.stored(*contracts),
        )


def setup() -> list[Version]:
    return table("prepaid_prepaidsetup")


def dimensions(name: str) -> dict[int, list[Version]]:
    """What the rows of a table said of dimensions, at every moment."""
    column = COLUMNS[name]
    stored = {str(pk): {"id": pk, column: read(text)} for pk, text in rows(DIMENSIONS[name])}
    logged = rows(
        f"SELECT at, row, kind, changes::text FROM ledger_changelogentry WHERE \"table\" = '{name}' ORDER BY id"
    )
    log = [Change(at, row, kind, dated(read(changes))) for at, row, kind, changes in logged if row in stored]
    found: dict[int, list[Version]] = {}
    for version in versions(stored, log):
        found.setdefault(int(version.row["id"]), []).append(version)
    return found
