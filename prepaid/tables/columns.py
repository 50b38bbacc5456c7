"""Columns of prepaid services: an amount with its currency, or a quantity with its unit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
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


class PickColumn(tables.Column):
    """A tick that belongs to the form `picked` below the list, under this name; none where a row `cannot` be picked."""

    def __init__(self, name: str, cannot: Callable[[Any], bool] = lambda record: False) -> None:
        super().__init__(verbose_name="Pick", empty_values=(), orderable=False, exclude_from_export=True)
        self.name, self.cannot = name, cannot

    def render(self, record: Any) -> str:
        if self.cannot(record):
            return ""
        tick = (
            '<input type="checkbox" class="form-check-input" name="{}" value="{}" form="picked" aria-label="Pick {}">'
        )
        return format_html(tick, self.name, record.pk, record)


def rounded(amount: Decimal, currency: Any) -> Decimal:
    return round_to(amount, currency.decimals) if currency else amount


def hidden(label: str, accessor: str, **kwargs: Any) -> tables.Column:
    """In exports alone."""
    return tables.Column(verbose_name=label, accessor=accessor, visible=False, **kwargs)
