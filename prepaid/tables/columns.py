"""Columns of prepaid services: an amount with its currency, or a quantity with its unit."""

from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django_tables2.utils import A

from ledger.money import round_to
from pages.formats import NOTHING
from pages.tables import MoneyColumn, NumberColumn
from prepaid.shown import units


class UnitsColumn(NumberColumn):
    """What a prepaid service counts in. `amount` and `quantity` are paths on the row, `service` that to the service."""

    def __init__(self, label: str, amount: str, quantity: str, *, service: str = "", **kwargs: Any) -> None:
        order = {"order_by": (amount, quantity)}
        super().__init__(verbose_name=label, accessor=A(amount), **(order | kwargs))
        self.amount, self.quantity, self.service = A(amount), A(quantity), service

    def render(self, record: Any) -> str:
        service = A(self.service).resolve(record) if self.service else record
        return units(service, self.amount.resolve(record), self.quantity.resolve(record), record.currency, NOTHING)

    def value(self, record: Any) -> Decimal:
        service = A(self.service).resolve(record) if self.service else record
        if not service.is_amount:
            return self.quantity.resolve(record)
        return rounded(self.amount.resolve(record), record.currency)


class AmountColumn(MoneyColumn):
    """Money of the row's currency; exported with that currency's decimals."""

    def value(self, value: Any, record: Any = None) -> Decimal:
        return rounded(value, self.currency.resolve(record))


def rounded(amount: Decimal, currency: Any) -> Decimal:
    return round_to(amount, currency.decimals) if currency else amount


def hidden(label: str, accessor: str, **kwargs: Any) -> tables.Column:
    """In exports alone."""
    return tables.Column(verbose_name=label, accessor=accessor, visible=False, **kwargs)
