from decimal import Decimal
from typing import Any

import django_tables2 as tables

from ledger.money import round_to
from pages.tables import DayColumn, LinkColumn, MoneyColumn


class NumberLinkColumn(LinkColumn):
    """A number such as SCP-000001, which is not broken where the table is narrow."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, attrs={"td": {"class": "text-nowrap"}}, **kwargs)


class ExpiryColumn(DayColumn):
    """An expiry date, amber from as many days before as the setup says, which the table asks once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, away=True, **kwargs)

    def soon_days(self, table: Any) -> int:
        return table.soon_days


class AmountColumn(MoneyColumn):
    """Money of the row's currency; exported with that currency's decimals."""

    def value(self, value: Any, record: Any = None) -> Decimal:
        return round_to(value, self.currency.resolve(record).decimals)


class NumberTwin(AmountColumn):
    """The amount once more as a plain number, in exports alone."""

    def __init__(self, label: str, amount: str, **kwargs: Any) -> None:
        super().__init__(verbose_name=label, accessor=amount, visible=False, **kwargs)


def hidden(label: str, accessor: str, **kwargs: Any) -> tables.Column:
    """In exports alone."""
    return tables.Column(verbose_name=label, accessor=accessor, visible=False, **kwargs)
