"""The lists of the books."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join

from ledger.dates import company_time_zone
from ledger.filters.journal import kind_label
from ledger.models import JournalEntry, JournalLine
from ledger.money import round_to
from ledger.reports.company import lcy_of
from ledger.sources import Source, sources_of
from pages import formats, markup
from pages.tables import DayColumn, LinkColumn, MoneyColumn, NumberColumn, Table


def entry_url(entry_id: int) -> str:
    return reverse("ledger:entry", args=[entry_id])


class LcyColumn(NumberColumn):
    """An amount in the company's own currency."""

    def render(self, value: Decimal, record: Any) -> str:
        return markup.money(value, lcy_of(record), zero=formats.NOTHING)

    def value(self, value: Decimal, record: Any = None) -> Decimal:
        return round_to(value, lcy_of(record).decimals)


class MomentColumn(tables.Column):
    """An instant, told in the company's time zone."""

    def render(self, value: datetime, table: "BooksTable") -> str:
        return format_html("<time>{}</time>", date_format(value.astimezone(table.zone), "j M Y, H:i"))

    def value(self, value: datetime) -> datetime:
        return value


class EntryColumn(LinkColumn):
    """An entry's number, in one piece."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, attrs={"td": {"class": "day"}}, **kwargs)


class PersonColumn(tables.Column):
    def render(self, value: Any) -> str:
        return value.get_full_name() or value.get_username()

    def value(self, value: Any) -> str:
        return self.render(value)


class TextColumn(tables.Column):
    """A sentence, which gets room."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, attrs={"td": {"class": "text"}}, **kwargs)


class KeysColumn(TextColumn):
    """A line's text, and below it the pages behind its customer and lot."""

    def render(self, value: str, record: JournalLine, table: "BooksTable") -> str:
        shown = [table.sources.get(key, Source(key, "")) for key in (record.party, record.lot) if key]
        links = format_html_join(" · ", '<a href="{}">{}</a>', ((source.url, source.label) for source in shown))
        return format_html('{}<div class="quiet small">{}</div>', value, links) if shown else value

    def value(self, value: str) -> str:
        return value


class BooksTable(Table):
    """A table that knows the time zone, and the pages behind the keys of its lines; asked once for all rows."""

    @cached_property
    def zone(self) -> ZoneInfo:
        return company_time_zone()

    @cached_property
    def sources(self) -> dict[str, Source]:
        lines = [row.record for row in self.paginated_rows]
        return sources_of(key for line in lines for key in (line.party, line.lot))


class JournalTable(BooksTable):
    number = EntryColumn(accessor="pk", verbose_name="Entry", linkify=lambda record: entry_url(record.pk))
    posting_date = DayColumn(verbose_name="Posted")
    kind = tables.Column()
    description = TextColumn()
    amount = MoneyColumn()
    amount_lcy = LcyColumn(verbose_name="LCY")
    created_by = PersonColumn(verbose_name="By", default="Night")
    currency = tables.Column(visible=False)
    effective_on = DayColumn(visible=False)
    event_key = tables.Column(visible=False)
    reason = tables.Column(visible=False)

    class Meta:
        model = JournalEntry
        fields = ("number", "posting_date", "kind", "description", "amount", "amount_lcy", "created_by")

    def render_number(self, record: JournalEntry) -> str:
        return str(record)

    def render_description(self, value: str, record: JournalEntry) -> str:
        if not hasattr(record, "reversed_by"):
            return value
        return format_html("{} {}", value, markup.badge("Reversed", "warn"))

    def value_description(self, value: str) -> str:
        return value

    def render_kind(self, value: str) -> str:
        return kind_label(value)

    def value_kind(self, value: str) -> str:
        return value


class AccountEntriesTable(BooksTable):
    entry = EntryColumn(linkify=lambda record: entry_url(record.entry_id))
    posting_date = DayColumn(accessor="entry__posting_date", verbose_name="Posted")
    description = KeysColumn(accessor="entry__description")
    debit = MoneyColumn()
    credit = MoneyColumn()
    change_lcy = LcyColumn(verbose_name="Change (LCY)")
    balance_lcy = LcyColumn(verbose_name="Balance (LCY)")
    currency = tables.Column(visible=False)
    effective_on = DayColumn(accessor="entry__effective_on", visible=False)
    event_key = tables.Column(accessor="entry__event_key", visible=False)
    party = tables.Column(visible=False)
    lot = tables.Column(visible=False)

    class Meta:
        model = JournalLine
        fields = ("entry", "posting_date", "description", "debit", "credit", "change_lcy", "balance_lcy")
        orderable = False


class DeferralEntriesTable(AccountEntriesTable):
    account = LinkColumn(
        accessor="account_id", linkify=lambda record: reverse("ledger:account", args=[record.account_id])
    )

    class Meta:
        model = JournalLine
        fields = ("entry", "posting_date", "account", "description", "debit", "credit", "change_lcy")
        exclude = ("balance_lcy",)
        orderable = False
