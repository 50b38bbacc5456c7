"""What was done to a purchase, by whom, the latest first: made, confirmed, set back to draft, given other dates, expired."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from credits.models import Consumption, Purchase, PurchaseDateChange
from ledger.reports.journal import entries_of
from pages import formats

NIGHT = "the night"
KINDS = {"purchase": "Confirmed", "purchase-draft": "Back to draft"}


@dataclass(frozen=True)
class Event:
    at: datetime.datetime
    what: str
    who: str
    note: str = ""


def history(purchase: Purchase) -> list[Event]:
    """Confirming a free purchase posts nothing and so leaves its date in the number of confirmations alone."""
    events = [*_made(purchase), *_posted(purchase), *_dates(purchase), *_expired(purchase)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _made(purchase: Purchase) -> list[Event]:
    line = purchase.opportunity_line
    note = f"from {line.opportunity.number}, line {line.line_no}" if line else ""
    return [Event(purchase.created_at, "Created", _name(purchase.created_by), note)]


def _posted(purchase: Purchase) -> list[Event]:
    entries: Iterable[Any] = entries_of(lot=purchase.lot, event_prefix=f"{purchase.lot}:")
    return [
        Event(
            entry.created_at,
            KINDS.get(entry.kind, entry.kind.capitalize()),
            _name(entry.created_by),
            f"{entry}: {formats.money(entry.amount, entry.currency)}{f'. {entry.reason}' if entry.reason else ''}",
        )
        for entry in entries
    ]


def _dates(purchase: Purchase) -> list[Event]:
    return [
        Event(change.changed_at, "Dates changed", _name(change.changed_by), f"{_new_dates(change)}. {change.reason}")
        for change in purchase.date_changes.select_related("changed_by")
    ]


def _new_dates(change: PurchaseDateChange) -> str:
    moves = (
        ("start", change.old_starts_on, change.new_starts_on),
        ("expiry", change.old_expires_on, change.new_expires_on),
    )
    return ", ".join(f"{end} {formats.day(old)} → {formats.day(new)}" for end, old, new in moves if old != new)


def _expired(purchase: Purchase) -> list[Event]:
    rows = purchase.consumptions.filter(consumption_type=Consumption.Type.EXPIRY).select_related("created_by")
    return [Event(row.created_at, "Expired", _name(row.created_by), f"{row.credits:,} credits") for row in rows]


def _name(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user else NIGHT
