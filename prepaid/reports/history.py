"""What was done to a prepaid service, by whom, the latest first: from the change log and its ledger entries."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from ledger.models import ChangeLogEntry
from ledger.reports.changes import Change, described
from pages import formats
from prepaid.models import PrepaidEntry, PrepaidService, ServiceProject
from prepaid.shown import quantity

NIGHT = "the night"
SHOWN = 200


@dataclass(frozen=True)
class Event:
    at: datetime.datetime
    what: str
    who: str
    note: str = ""
    url: str = ""


def history(service: PrepaidService) -> list[Event]:
    """What people changed on the card and its projects, and what came in and went out."""
    events = [*_changed(service), *_entered(service)]
    return sorted(events, key=lambda event: event.at, reverse=True)[:SHOWN]


def _changed(service: PrepaidService) -> Iterator[Event]:
    """The rows about assigned projects stand under the key of the service, too."""
    tables = [model._meta.db_table for model in (PrepaidService, ServiceProject)]
    rows = ChangeLogEntry.objects.filter(Q(table__in=tables), row=str(service.pk)).select_related("actor")
    for change in described(rows[:SHOWN]):
        yield Event(
            change.row.at, change.row.action or change.row.get_kind_display(), _name(change.row.actor), _note(change)
        )


def _note(change: Change) -> str:
    """Of a card that was made, nothing: its fields are on the page."""
    if change.row.table == ServiceProject._meta.db_table:
        gone = change.row.kind == ChangeLogEntry.Kind.DELETE
        return ", ".join(
            (each.before if gone else each.after) for each in change.differences if each.column == "project_id"
        )
    if change.row.kind == ChangeLogEntry.Kind.INSERT:
        return ""
    moves = [f"{each.label} {each.before} → {each.after}" for each in change.differences]
    return ". ".join(filter(None, (", ".join(moves), change.row.reason)))


def _entered(service: PrepaidService) -> Iterator[Event]:
    entries = PrepaidEntry.objects.filter(service=service).select_related("currency", "created_by")
    for entry in entries[:SHOWN]:
        moved = (
            formats.money(entry.amount, entry.currency)
            if service.is_amount
            else quantity(entry.quantity, service.unit_of_measure)
        )
        about = " ".join(filter(None, (entry.document_no, entry.reason)))
        note = ": ".join(filter(None, (f"{entry}, {moved}", about)))
        yield Event(
            entry.created_at, entry.get_entry_type_display(), _name(entry.created_by), note, entry.get_absolute_url()
        )


def _name(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user else NIGHT
