from typing import Any

import django_tables2 as tables

from ledger.tables.journal import BooksTable, LcyColumn, MomentColumn
from pages import markup
from pages.tables import DayColumn, LinkColumn, NumberColumn
from prepaid.models import BillingRun, ReleaseRun
from prepaid.shown import maker


class RunTable(BooksTable):
    number = LinkColumn(accessor="pk", verbose_name="Run", order_by="pk")
    maker = tables.Column(verbose_name="Made by", empty_values=(), order_by=("by_night", "created_by__username"))
    created_at = MomentColumn(verbose_name="Made")

    def render_number(self, record: Any) -> str:
        return markup.whole(record)

    def value_number(self, record: Any) -> str:
        return str(record)

    def render_maker(self, record: Any) -> str:
        return maker(record)

    def value_maker(self, record: Any) -> str:
        return maker(record)


class BillingRunTable(RunTable):
    billed_until = DayColumn(verbose_name="Billed up to")
    posted_on = DayColumn(verbose_name="Posting date")
    invoice_count = NumberColumn(verbose_name="Invoices")
    unposted_count = NumberColumn(verbose_name="Not posted")

    class Meta:
        model = BillingRun
        fields = ("number", "billed_until", "posted_on", "maker", "created_at", "invoice_count", "unposted_count")


class ReleaseRunTable(RunTable):
    released_until = DayColumn(verbose_name="Released up to")
    parts = NumberColumn(verbose_name="Parts")
    amount_lcy = LcyColumn(verbose_name="Amount (LCY)")
    state = tables.Column(accessor="undone_at", verbose_name="State", empty_values=(), order_by="undone_at")

    undone_by = tables.Column(visible=False, verbose_name="Taken back by")
    undone_at = MomentColumn(visible=False, verbose_name="Taken back")
    undone_reason = tables.Column(visible=False, verbose_name="Why")

    class Meta:
        model = ReleaseRun
        fields = ("number", "released_until", "maker", "created_at", "parts", "amount_lcy", "state")

    def render_state(self, record: ReleaseRun) -> str:
        return markup.badge("Taken back", "warn") if record.undone_at else markup.badge("Stands", "good")

    def value_state(self, record: ReleaseRun) -> str:
        return "Taken back" if record.undone_at else "Stands"
