"""Lists of the setup."""

from decimal import Decimal

import django_tables2 as tables
from django.urls import reverse

from ledger.models import Currency, ExchangeRate, LedgerAccount, NumberSeries
from ledger.services.setup import refusal_to_change_series
from pages import markup
from pages.elements import Action, reason
from pages.tables import DayColumn, LinkColumn, MenuColumn, NumberColumn, Table


class NumberSeriesTable(Table):
    code = tables.Column()
    description = tables.Column()
    prefix = tables.Column()
    digits = NumberColumn()
    last_number = NumberColumn(verbose_name="Last number")
    next_number = tables.Column(verbose_name="Next", orderable=False)
    actions = MenuColumn(lambda record: series_actions(record))

    class Meta:
        model = NumberSeries
        fields = ("code", "description", "prefix", "digits", "last_number", "next_number", "actions")


def series_actions(series: NumberSeries) -> list[Action]:
    url = reverse("ledger:number-series-edit", args=[series.pk])
    refusal = reason(refusal_to_change_series(series))
    return [Action("Change", url, refusal, permission="ledger.change_numberseries")]


class RateTable(Table):
    currency = tables.Column()
    starting_on = DayColumn(verbose_name="Starting date")
    rate = NumberColumn(verbose_name="LCY per unit")
    actions = MenuColumn(
        lambda record: [
            Action("Correct", reverse("ledger:rate-edit", args=[record.pk]), permission="ledger.change_exchangerate")
        ]
    )

    class Meta:
        model = ExchangeRate
        fields = ("currency", "starting_on", "rate", "actions")

    def render_rate(self, value: Decimal) -> str:
        return f"{value.normalize():f}"


class CurrencyTable(Table):
    code = tables.Column()
    name = tables.Column()
    decimals = NumberColumn()

    class Meta:
        model = Currency
        fields = ("code", "name", "decimals")


class ChartTable(Table):
    code = LinkColumn(linkify=lambda record: reverse("ledger:account", args=[record.pk]))
    name = tables.Column()
    category = tables.Column()
    blocked = tables.Column(verbose_name="State")

    class Meta:
        model = LedgerAccount
        fields = ("code", "name", "category", "blocked")

    def render_blocked(self, value: bool) -> str:
        return markup.badge(*(("Blocked", "bad") if value else ("Open", "good")))
