"""Lists of the setup."""

import django_tables2 as tables
from django.urls import reverse

from ledger.models import NumberSeries
from ledger.services.setup import refusal_to_change_series
from pages.elements import Action, reason
from pages.tables import MenuColumn, NumberColumn, Table


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
