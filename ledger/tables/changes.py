"""The change log as a list."""

from collections.abc import Iterator

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.html import format_html

from ledger.models import ChangeLogEntry
from ledger.reports.changes import Change, described, what
from ledger.tables.journal import BooksTable, MomentColumn, PersonColumn
from pages import markup


class ChangeLogTable(BooksTable):
    at = MomentColumn(verbose_name="When")
    actor = PersonColumn(verbose_name="Who")
    action = tables.Column(verbose_name="What", empty_values=())
    record = tables.Column(accessor="row", verbose_name="Record", orderable=False)
    changes = tables.Column(orderable=False)
    reason = tables.Column(verbose_name="Why")

    class Meta:
        model = ChangeLogEntry
        fields = ("at", "actor", "action", "record", "changes", "reason")

    @cached_property
    def described(self) -> dict[int, Change]:
        """What the rows of the page say, read together."""
        return {change.row.pk: change for change in described(self.shown())}

    def shown(self) -> Iterator[ChangeLogEntry]:
        return (row.record for row in self.paginated_rows)

    def render_action(self, record: ChangeLogEntry) -> str:
        return record.action or record.get_kind_display()

    def render_record(self, record: ChangeLogEntry) -> str:
        change = self.described[record.pk]
        name = markup.whole(change.name)
        link = format_html('<a href="{}">{}</a>', change.url, name) if change.url else name
        return format_html('<span class="quiet">{}</span> {}', change.what.capitalize(), link)

    def render_changes(self, record: ChangeLogEntry) -> str:
        return render_to_string("ledger/differences.html", {"change": self.described[record.pk]})

    def value_record(self, record: ChangeLogEntry) -> str:
        return f"{what(record.table)} {record.row}"

    def value_changes(self, record: ChangeLogEntry) -> str:
        return "; ".join(f"{column}: {before} -> {after}" for column, (before, after) in record.changes.items())
