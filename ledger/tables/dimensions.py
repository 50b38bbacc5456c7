"""Dimension values as a list."""

import django_tables2 as tables
from django.urls import reverse

from ledger.models import DimensionValue
from pages import markup
from pages.elements import Action
from pages.tables import MenuColumn, Table


class ValueTable(Table):
    dimension = tables.Column()
    code = tables.Column()
    name = tables.Column()
    blocked = tables.Column(verbose_name="State")
    actions = MenuColumn(
        lambda record: [
            Action("Change", reverse("ledger:value-edit", args=[record.pk]), permission="ledger.change_dimensionvalue")
        ]
    )

    class Meta:
        model = DimensionValue
        fields = ("dimension", "code", "name", "blocked", "actions")

    def render_blocked(self, value: bool) -> str:
        return markup.badge(*(("Blocked", "bad") if value else ("Open", "good")))

    def value_blocked(self, value: bool) -> str:
        return "blocked" if value else "open"
