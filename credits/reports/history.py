"""What was done to a purchase, by whom, the latest first: from the change log, the journal, its expiries and corrections."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from credits.models import Consumption, Purchase
from credits.services.terms import Terms
from ledger.models import ChangeLogEntry
from ledger.reports.changes import Change, changes_of, described
from ledger.reports.journal import entries_of
from pages import formats

NIGHT = "the night"
ENTERED = {field.attname for field in Purchase._meta.concrete_fields if field.name in Terms.__dataclass_fields__}


@dataclass(frozen=True)
class Event:
    at: datetime.datetime
    what: str
    who: str
    note: str = ""
    url: str = ""


def history(purchase: Purchase) -> list[Event]:
    """What people did to it, what was posted for it, what lapsed, and what was asked for and decided."""
    events = [*_changed(purchase), *_posted(purchase), *_expired(purchase), *_corrected(purchase)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _changed(purchase: Purchase) -> list[Event]:
    return [
        Event(change.row.at, change.row.action or change.row.get_kind_display(), _name(change.row.actor), _note(change))
        for change in described(changes_of(purchase))
    ]


def _note(change: Change) -> str:
    """What was entered anew; what confirming fixed is told by the posting."""
    if change.row.kind == ChangeLogEntry.Kind.INSERT:
        return ""
    entered = (each for each in change.differences if each.column in ENTERED)
    moves = [f"{each.label} {each.before} → {each.after}" for each in entered]
    return ". ".join(filter(None, (", ".join(moves), change.row.reason)))


def _posted(purchase: Purchase) -> list[Event]:
    entries: Iterable[Any] = entries_of(lot=purchase.lot, event_prefix=f"{purchase.lot}:")
    return [
        Event(
            entry.created_at,
            "Posted",
            _name(entry.created_by),
            f"{entry}: {formats.money(entry.amount, entry.currency)}",
        )
        for entry in entries
    ]


def _expired(purchase: Purchase) -> list[Event]:
    rows = purchase.consumptions.filter(consumption_type=Consumption.Type.EXPIRY).select_related("created_by")
    return [
        Event(
            row.created_at,
            "Expired" if row.credits > 0 else "Reinstated",
            _name(row.created_by),
            formats.counted(abs(row.credits), "credits"),
        )
        for row in rows
    ]


def _corrected(purchase: Purchase) -> Iterator[Event]:
    for each in purchase.corrections.select_related("requested_by", "decided_by"):
        kind, url = each.get_kind_display(), each.get_absolute_url()
        of = f"{formats.counted(each.credits, 'credits')}. " if each.credits else ""
        yield Event(each.requested_at, f"{kind} asked for", _name(each.requested_by), f"{of}{each.reason}", url)
        if each.decided_at:
            decided = f"{kind} {each.get_state_display().lower()}"
            yield Event(each.decided_at, decided, _name(each.decided_by), each.decision_note, url)


def _name(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user else NIGHT
