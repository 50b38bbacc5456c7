"""The two forecasts of the deferred revenue. The waterfall: what of it is due to be recognised or to lapse, month by month.
The aging: the months in which its lots expire. Both add up to what stands on the deferral accounts.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ledger.models import Currency
from ledger.money import ZERO
from ledger.reports.deferrals import Asked, ask

SUMS = """
SELECT bucket, key, currency_id, cause, sum(amount), sum(amount_lcy) FROM placed GROUP BY 1, 2, 3, 4
"""
PARTS = """
SELECT bucket, party, lot, behind, account_id, currency_id, cause, due_on, expires_on, amount, amount_lcy FROM placed
WHERE bucket = coalesce(%(bucket)s, bucket) AND key = coalesce(%(key)s, key)
  AND currency_id = coalesce(%(currency)s, currency_id) AND cause = coalesce(%(cause)s, cause)
ORDER BY due_on NULLS FIRST, expires_on, length(lot), lot, behind
"""


@dataclass
class Amounts:
    """One side of a row: in the transaction currency, or in LCY."""

    recognise: Decimal = ZERO
    lapse: Decimal = ZERO
    unexplained: Decimal = ZERO
    remaining: Decimal = ZERO  # after this month

    @property
    def total(self) -> Decimal:
        return self.recognise + self.lapse + self.unexplained

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(**{name: getattr(self, name) + getattr(other, name) for name in vars(self)})


@dataclass
class Row:
    """One month of one group in one currency."""

    bucket: str
    key: str
    currency: Currency
    own: Amounts = field(default_factory=Amounts)
    lcy: Amounts = field(default_factory=Amounts)


def forecast(asked: Asked) -> list[Row]:
    """Month by month, each group and currency of it. Three queries, however many lots there are."""
    currencies = Currency.objects.in_bulk()
    rows: dict[tuple, Row] = {}
    for bucket, key, currency, cause, amount, amount_lcy in ask(asked, SUMS):
        row = rows.setdefault((bucket, key, currency), Row(bucket, key, currencies[currency]))
        setattr(row.own, cause, amount)
        setattr(row.lcy, cause, amount_lcy)
    place = {bucket: number for number, bucket in enumerate(asked.buckets)}
    ordered = sorted(rows.values(), key=lambda row: (place[row.bucket], row.key, row.currency.code))
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in ordered:
        groups.setdefault((row.key, row.currency.code), []).append(row)
    for group in groups.values():
        run_down([row.own for row in group])
        run_down([row.lcy for row in group])
    return ordered


def by_month(asked: Asked, rows: list[Row]) -> dict[str, Amounts]:
    """The months summed over all groups and currencies, in LCY: every month asked for, what is past, later or unexplained
    where there is any."""
    sums = {bucket: Amounts() for bucket in asked.buckets}
    for row in rows:
        sums[row.bucket] += row.lcy
    run_down(list(sums.values()))
    present = {row.bucket for row in rows}
    return {bucket: amounts for bucket, amounts in sums.items() if bucket in present or bucket[0].isdigit()}


def run_down(months: list[Amounts]) -> None:
    """Writes to each month what remains after it, of all of them together."""
    remaining = sum((amounts.total for amounts in months), ZERO)
    for amounts in months:
        remaining -= amounts.total
        amounts.remaining = remaining


class Part(NamedTuple):
    """What will become of a part of a lot, and what decides it."""

    bucket: str
    party: str
    lot: str
    behind: str
    account: str
    currency: Currency
    cause: str
    due_on: datetime.date | None
    expires_on: datetime.date | None
    amount: Decimal
    amount_lcy: Decimal


def parts(
    asked: Asked,
    *,
    bucket: str | None = None,
    key: str | None = None,
    currency: str | None = None,
    cause: str | None = None,
) -> list[Part]:
    """The parts behind a figure of the forecast, by the day they are due; all of them unless narrowed. Three queries."""
    currencies = Currency.objects.in_bulk()
    narrowed = {"bucket": bucket, "key": key, "currency": currency, "cause": cause}
    rows = (Part(*row) for row in ask(asked, PARTS, **narrowed))
    return [part._replace(currency=currencies[part.currency]) for part in rows]
