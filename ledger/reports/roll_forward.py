"""The roll-forward of the contract liability: opening + additions - revenue - breakage - refunds +- changes = closing, per
month, currency and LCY, as of any day and as known on any day.

The deferral accounts are those that the general posting setup names or named before (`ledger/sql/accounts.sql`). Amounts are
positive as they stand in the equation; `changes` is what no other column explains, so every row adds up to what is on the
accounts.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.db import connection

from ledger.dates import end_of
from ledger.models import Currency
from ledger.money import ZERO
from ledger.reports.groups import GROUPS, last_day, months

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


@dataclass
class Movements:
    """One side of a row: in the transaction currency, or in LCY."""

    opening: Decimal = ZERO
    additions: Decimal = ZERO
    revenue: Decimal = ZERO
    breakage: Decimal = ZERO
    refunds: Decimal = ZERO
    total: Decimal = ZERO  # of all movements, however caused

    @property
    def changes(self) -> Decimal:
        return self.total - (self.additions - self.revenue - self.breakage - self.refunds)

    @property
    def closing(self) -> Decimal:
        return self.opening + self.total

    @property
    def is_empty(self) -> bool:
        return not any((self.opening, self.additions, self.revenue, self.breakage, self.refunds, self.total))

    def __add__(self, other: "Movements") -> "Movements":
        return Movements(**{name: getattr(self, name) + getattr(other, name) for name in vars(self)})


@dataclass
class Row:
    """One month of one group in one currency."""

    month: datetime.date
    key: str
    currency: Currency
    own: Movements = field(default_factory=Movements)
    lcy: Movements = field(default_factory=Movements)

    @property
    def last_day(self) -> datetime.date:
        return last_day(self.month)


def roll_forward(
    first: datetime.date, last: datetime.date, *, by: str = "account", known_on: datetime.date | None = None
) -> list[Row]:
    """The months from that of `first` to that of `last`, by account, product_group or customer. `known_on` leaves out what
    was posted after the end of that day, company time. Two queries, however many rows the journal has, and
    one for the time zone."""
    first = first.replace(day=1)
    rows: dict[tuple, Row] = {}
    currencies = Currency.objects.in_bulk()
    opening: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for month, key, currency, cause, amount, amount_lcy in _read(first, last, by, known_on):
        if month is None:
            opening[key, currency] = (amount, amount_lcy)
            continue
        row = rows.setdefault((key, currency, month), Row(month, key, currencies[currency]))
        sign = 1 if cause in ("additions", "total") else -1
        setattr(row.own, cause, sign * amount)
        setattr(row.lcy, cause, sign * amount_lcy)
    return _carried(rows, opening, currencies, first, last)


def _read(first: datetime.date, last: datetime.date, by: str, known_on: datetime.date | None) -> list[tuple]:
    asked = {"first": first, "last": last, "known_before": end_of(known_on)}
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(key=GROUPS[by]), asked)
        return cursor.fetchall()


def _carried(rows: dict, opening: dict, currencies: dict, first: datetime.date, last: datetime.date) -> list[Row]:
    """Every month of every group, each opening with the closing of the month before; groups at zero are left out."""
    carried = []
    for key, currency in sorted({*opening, *((key, currency) for key, currency, _ in rows)}):
        own, lcy = opening.get((key, currency), (ZERO, ZERO))
        for month in months(first, last):
            row = rows.get((key, currency, month)) or Row(month, key, currencies[currency])
            row.own.opening, row.lcy.opening = own, lcy
            own, lcy = row.own.closing, row.lcy.closing
            if not (row.own.is_empty and row.lcy.is_empty):
                carried.append(row)
    return sorted(carried, key=lambda row: (row.month, row.key, row.currency.code))
