"""Contract analysis: per contract and month what is invoiced, credited, released and still deferred at its end, in the
contract's currency and in LCY, by posting date. Still deferred is what the contract has on its deferral accounts, so that all
contracts together are the accounts.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection

from ledger.models import Currency
from ledger.money import ZERO
from ledger.reports.groups import last_day, months
from opportunities.models import Account
from prepaid.models import CustomerContract

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


@dataclass
class Figures:
    """One side of a row: in the contract's currency, or in LCY. `credited` is all that credit memos gave back: what they take
    out of revenue is `released` no more."""

    opening: Decimal = ZERO
    invoiced: Decimal = ZERO
    credited: Decimal = ZERO
    released: Decimal = ZERO
    total: Decimal = ZERO  # of all movements of the deferral accounts

    @property
    def deferred(self) -> Decimal:
        return self.opening + self.total

    @property
    def is_empty(self) -> bool:
        return not any((self.opening, self.invoiced, self.credited, self.released, self.total))

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in vars(self)})


@dataclass
class Row:
    """One month of one contract."""

    month: datetime.date
    contract: CustomerContract
    currency: Currency
    own: Figures = field(default_factory=Figures)
    lcy: Figures = field(default_factory=Figures)

    @property
    def last_day(self) -> datetime.date:
        return last_day(self.month)


def contract_analysis(
    first: datetime.date,
    last: datetime.date,
    *,
    account: Account | None = None,
    contract: CustomerContract | None = None,
    currency: Currency | None = None,
) -> list[Row]:
    """The months from that of `first` to that of `last`, which may end before its month does. Three queries."""
    first = first.replace(day=1)
    asked: dict[str, Any] = {
        "first": first,
        "last": last,
        "account": account and account.pk,
        "contract": contract and contract.pk,
        "currency": currency and currency.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, asked)
        found = cursor.fetchall()
    figures: dict[tuple[int, str, datetime.date | None], tuple[Figures, Figures]] = {}
    for contract_id, code, month, name, amount, amount_lcy in found:
        own, lcy = figures.setdefault((contract_id, code, month), (Figures(), Figures()))
        setattr(own, name, amount)
        setattr(lcy, name, amount_lcy)
    contracts = CustomerContract.objects.select_related("account").in_bulk({key[0] for key in figures})
    currencies = Currency.objects.in_bulk()
    rows = []
    for contract_id, code in {key[:2] for key in figures}:
        before = figures.get((contract_id, code, None), (Figures(), Figures()))
        opening, opening_lcy = before[0].total, before[1].total
        for month in months(first, last):
            own, lcy = figures.get((contract_id, code, month), (Figures(), Figures()))
            own.opening, lcy.opening = opening, opening_lcy
            opening, opening_lcy = own.deferred, lcy.deferred
            if not (own.is_empty and lcy.is_empty):
                rows.append(Row(month, contracts[contract_id], currencies[code], own, lcy))
    return sorted(rows, key=lambda row: (row.month, row.contract.number, row.currency.code))


@dataclass
class Total:
    """All the months of a currency: opening is that of the first, still deferred that of the last."""

    currency: Currency
    contracts: int
    own: Figures
    lcy: Figures


def totals(rows: list[Row]) -> list[Total]:
    """Per currency, over all contracts."""
    found: dict[str, Total] = {}
    seen: set[tuple[int, str]] = set()
    for row in rows:
        total = found.setdefault(row.currency.code, Total(row.currency, 0, Figures(), Figures()))
        key = (row.contract.pk, row.currency.code)
        for sums, figures in ((total.own, row.own), (total.lcy, row.lcy)):
            opening = ZERO if key in seen else figures.opening
            sums.opening += opening
            sums.invoiced += figures.invoiced
            sums.credited += figures.credited
            sums.released += figures.released
            sums.total += figures.total
        total.contracts += key not in seen
        seen.add(key)
    return [found[code] for code in sorted(found)]
