"""The accounting periods as a list."""

import django_tables2 as tables
from django.urls import reverse

from ledger.models import AccountingPeriod
from ledger.tables.journal import BooksTable, MomentColumn, PersonColumn
from pages import markup
from pages.elements import Action
from pages.tables import DayColumn, LinkColumn, MenuColumn

State = AccountingPeriod.State
TONES = {State.OPEN: "good", State.SOFT_CLOSED: "info", State.CLOSED: "neutral"}
VERBS = {
    State.OPEN: (("Close", "ledger:period-close"), ("Soft-close", "ledger:period-soft-close")),
    State.SOFT_CLOSED: (("Close", "ledger:period-close"), ("Open again", "ledger:period-open")),
    State.CLOSED: (("Ask to reopen", "ledger:period-reopen"),),
}


class PeriodTable(BooksTable):
    name = LinkColumn(verbose_name="Period")
    starts_on = DayColumn(verbose_name="From")
    ends_on = DayColumn(verbose_name="To")
    state = tables.Column(orderable=False)
    since = MomentColumn(accessor="state_since", orderable=False)
    by = PersonColumn(accessor="state_by", orderable=False)
    actions = MenuColumn(lambda record: period_actions(record))

    class Meta:
        model = AccountingPeriod
        fields = ("name", "starts_on", "ends_on", "state", "since", "by", "actions")

    def render_state(self, value: State) -> str:
        return markup.badge(value.label, TONES[value])

    def value_state(self, value: State) -> str:
        return value.value


def period_actions(period: AccountingPeriod) -> list[Action]:
    return [
        Action(label, reverse(name, args=[period.pk]), permission="ledger.close_accountingperiod")
        for label, name in VERBS[period.state]
    ]
