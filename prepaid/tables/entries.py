from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html

from ledger.models import JournalEntry
from pages import markup
from pages.formats import NOTHING
from pages.tables import BadgeColumn, DayColumn, LinkColumn, Table
from prepaid.models import InflowBalance, PrepaidEntry
from prepaid.shown import units
from prepaid.tables.columns import AmountColumn, UnitsColumn, hidden

TONES = {"positive": "good", "consumption": "info", "negative": "warn", "dissolution": "neutral"}


def journal_link(request: Any, pk: int) -> str:
    """The journal entry, leading to it for those who may see it."""
    name = markup.whole(JournalEntry(pk=pk))
    if not request.user.has_perm("ledger.view_journalentry"):
        return name
    return format_html('<a href="{}">{}</a>', reverse("ledger:entry", args=[pk]), name)


class RemainingColumn(UnitsColumn):
    """What is left of an inflow, and until when; nothing of an outflow."""

    def render(self, record: PrepaidEntry, table: Any = None) -> str:
        balance = balance_of(record)
        if balance is None:
            return NOTHING
        left = units(record.service, balance.remaining, balance.remaining_quantity, record.currency, NOTHING)
        if table is not None and table.columns["valid_until"].visible:
            return left
        until = format_html("until {}", markup.day(record.valid_until)) if record.valid_until else "unlimited"
        return format_html('{}<div class="quiet small">{}</div>', left, until)

    def value(self, record: PrepaidEntry) -> Any:
        return super().value(record) if balance_of(record) else None


def balance_of(entry: PrepaidEntry) -> InflowBalance | None:
    return getattr(entry, "balance", None)


class EntryTable(Table):
    number = LinkColumn(accessor="pk", verbose_name="Entry no.", order_by="pk")
    service = LinkColumn(linkify=True, order_by="service__number")
    posted_on = DayColumn(verbose_name="Posting date")
    entry_type = BadgeColumn(tones=TONES, verbose_name="Type")
    document = tables.Column(accessor="document_no", verbose_name="Document", empty_values=())
    units = UnitsColumn("Amount or quantity", "amount", "quantity", service="service")
    valid_until = DayColumn(visible=False)
    remaining = RemainingColumn(
        "Remaining", "balance__remaining", "balance__remaining_quantity", service="service", empty_values=()
    )

    document_type = hidden("Document type", "get_document_type_display")
    currency = hidden("Currency", "currency_id")
    amount = AmountColumn(visible=False)
    amount_lcy = hidden("Amount (LCY)", "amount_lcy")
    quantity = hidden("Quantity", "quantity")
    unit_of_measure = hidden("Unit of measure", "service__unit_of_measure")
    product_group = hidden("Product posting group", "product_group_id")
    remaining_amount = AmountColumn(verbose_name="Remaining amount", accessor="balance__remaining", visible=False)
    remaining_lcy = hidden("Remaining amount (LCY)", "balance__remaining_lcy")
    remaining_quantity = hidden("Remaining quantity", "balance__remaining_quantity")
    expired = AmountColumn(verbose_name="Expired amount", accessor="balance__expired", visible=False)
    expired_quantity = hidden("Expired quantity", "balance__expired_quantity")
    account = hidden("Account no.", "service__account__number")
    account_name = hidden("Account name", "service__account__name")
    journal_entry = hidden("Journal entry", "journal_entry")
    created_by = hidden("Who", "created_by")
    reason = hidden("Why", "reason")
    created_at = hidden("Recorded", "created_at")

    class Meta:
        model = PrepaidEntry
        fields = ("number", "service", "posted_on", "entry_type", "document", "units", "valid_until", "remaining")

    def render_number(self, record: PrepaidEntry) -> str:
        return markup.whole(record)

    def value_number(self, record: PrepaidEntry) -> str:
        return str(record)

    def render_document(self, record: Any) -> str:
        """Its type and number, leading to it; below them the journal entry."""
        name = markup.whole(f"{record.get_document_type_display()} {record.document_no}".strip())
        shown = (
            format_html('<a href="{}">{}</a>', record.document.get_absolute_url(), name) if record.document else name
        )
        if record.journal_entry is None:
            return shown
        return format_html('{}<div class="small">{}</div>', shown, journal_link(self.request, record.journal_entry))

    def value_document(self, record: PrepaidEntry) -> str:
        return record.document_no

    def value_journal_entry(self, value: int | None) -> str:
        return str(JournalEntry(pk=value)) if value else ""
