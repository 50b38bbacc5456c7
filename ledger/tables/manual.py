"""The list of manual entries, and what narrows it."""

import django_tables2 as tables

from ledger.models import ManualEntry
from ledger.tables.journal import BooksTable, EntryColumn, PersonColumn, TextColumn, entry_url
from pages import markup
from pages.elements import Badge
from pages.filters import DayRangeFilter, FilterSet, SearchFilter
from pages.tables import DayColumn, LinkColumn, MoneyColumn

TONES = {"draft": "neutral", "submitted": "warn", "approved": "info", "posted": "good"}


def state_badge(entry: ManualEntry) -> Badge:
    if entry.entry is not None and hasattr(entry.entry, "reversed_by"):
        return Badge("Reversed", "warn")
    return Badge(entry.get_state_display(), TONES[entry.state])


class ManualEntryFilter(FilterSet):
    search = SearchFilter(fields=("number", "description", "reason"))
    effective_on = DayRangeFilter(label="Effective")

    class Meta:
        model = ManualEntry
        fields = ("search", "state", "effective_on", "currency")


class ManualEntryTable(BooksTable):
    number = LinkColumn(verbose_name="Manual entry", empty_values=())
    state = tables.Column()
    effective_on = DayColumn(verbose_name="Effective")
    description = TextColumn()
    amount = MoneyColumn()
    created_by = PersonColumn(verbose_name="By")
    entry = EntryColumn(linkify=lambda record: entry_url(record.entry_id) if record.entry_id else None)
    currency = tables.Column(visible=False)
    reason = tables.Column(visible=False)

    class Meta:
        model = ManualEntry
        fields = ("number", "state", "effective_on", "description", "amount", "created_by", "entry")

    def render_number(self, record: ManualEntry) -> str:
        return markup.whole(record)

    def render_state(self, record: ManualEntry) -> str:
        badge = state_badge(record)
        return markup.badge(badge.label, badge.tone)

    def value_number(self, record: ManualEntry) -> str:
        return str(record)

    def value_state(self, record: ManualEntry) -> str:
        return state_badge(record).label.lower()
