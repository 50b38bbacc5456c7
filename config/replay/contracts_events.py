"""Contract invoices and their deferrals as they are stored, read by plain SQL: which days a line bills and at what price, how
its amount was cut into parts, and which release or credit memo each part went with."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from config.replay.events import read, rows

KEY = "contract-release:"

# The price of days that stay billed stays as well; what was agreed for days that were all given back may have changed since.
PERIODS = """
SELECT d.account_id, p.line_id, p.starts_on, p.ends_on, p.kept_until, p.top_up_quantity, c.anchor_on, c.base_period,
       c.rhythm, agreed.quantity, agreed.price, agreed.discount_percent, agreed.quantity_per_period
FROM prepaid_billedperiod p
JOIN prepaid_servicecommitment c ON c.id = p.commitment_id
JOIN prepaid_salesline l ON l.id = p.line_id
JOIN prepaid_salesdocument d ON d.id = l.document_id
LEFT JOIN LATERAL (
    SELECT * FROM prepaid_commitmentprice a
    WHERE a.commitment_id = p.commitment_id AND a.from_on <= p.starts_on AND p.kept_until >= p.starts_on
    ORDER BY a.from_on DESC LIMIT 1
) agreed ON true
WHERE d.state = 'posted' ORDER BY d.account_id, p.line_id
"""

DEFERRALS = """
SELECT account_id, id, line_id, currency_id, starts_on, ends_on, amount, amount_lcy, business_group_id, product_group_id,
       deferral_account_id, revenue_account_id, dimensions::text, by_equal_months
FROM prepaid_contractdeferral ORDER BY account_id, id
"""

PARTS = """
SELECT d.account_id, l.id, l.deferral_id, l.starts_on, l.ends_on, l.amount, l.amount_lcy, l.due_on, l.run_id, l.closed_by_id
FROM prepaid_deferralline l JOIN prepaid_contractdeferral d ON d.id = l.deferral_id
ORDER BY d.account_id, l.deferral_id, l.line_no
"""

RUNS = "SELECT id, released_until, undone_at IS NOT NULL FROM prepaid_releaserun"


class Agreed(NamedTuple):
    """What one base period costs, and what one of it tops up."""

    quantity: Decimal
    price: Decimal
    discount: Decimal
    per_period: Decimal


class BilledDays(NamedTuple):
    """What a contract line bills; `agreed` as far as it is known."""

    line: int
    starts_on: datetime.date
    ends_on: datetime.date
    kept_until: datetime.date
    top_up_quantity: Decimal
    anchor: datetime.date
    base: str
    rhythm: str
    agreed: Agreed | None


class StoredDeferral(NamedTuple):
    id: int
    line: int
    currency: str
    starts_on: datetime.date
    ends_on: datetime.date
    amount: Decimal
    amount_lcy: Decimal
    business_group: str
    product_group: str
    deferral_account: str
    revenue_account: str
    dimensions: dict[str, str]
    by_equal_months: bool


class StoredPart(NamedTuple):
    id: int
    deferral: int
    starts_on: datetime.date
    ends_on: datetime.date
    amount: Decimal
    amount_lcy: Decimal
    due_on: datetime.date
    run: int | None
    closed_by: int | None


class Run(NamedTuple):
    id: int
    until: datetime.date
    undone: bool


class Stored(NamedTuple):
    """The contracts of one customer: by line what it bills, by line its deferral, by deferral its parts."""

    periods: dict[int, BilledDays]
    deferrals: dict[int, StoredDeferral]
    parts: dict[int, list[StoredPart]]


def stored(periods: Iterable[tuple], deferrals: Iterable[tuple], parts: Iterable[tuple]) -> Stored:
    cut = [StoredPart(*row[1:]) for row in parts]
    waiting = [StoredDeferral._make((*row[1:12], read(row[12]), row[13])) for row in deferrals]
    return Stored(
        {row[1]: BilledDays._make((*row[1:9], _agreed(row[9:]))) for row in periods},
        {deferral.line: deferral for deferral in waiting},
        {key: list(group) for key, group in groupby(cut, key=attrgetter("deferral"))},
    )


def _agreed(row: Any) -> Agreed | None:
    return None if row[0] is None else Agreed(*row)


def runs() -> dict[int, Run]:
    return {row[0]: Run(*row) for row in rows(RUNS)}
