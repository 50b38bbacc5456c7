"""What was done with a customer's credits, by whom, the latest first: purchases, changes of dates, allocations, expiries and
corrections."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import capfirst

from credits.models import Consumption, Correction, Milestone, Purchase, PurchaseDateChange
from credits.reports.lifetimes import Lifetime, lifetimes
from credits.reports.movements import CONFIRMED, TAKEN_BACK, what_moved
from ledger.models import ChangeLogEntry
from opportunities.models import Account
from pages import formats

NIGHT = "the night"


@dataclass(frozen=True)
class Event:
    """`credits` came into the balance or, below zero, left it; None where none moved."""

    at: datetime.datetime
    what: str
    who: str
    lot: Purchase
    credits: int | None = None
    milestone: Milestone | None = None
    document: str = ""
    url: str = ""
    note: str = ""


def history(account: Account, most: int) -> list[Event]:
    """The latest events, `most` at most, in a constant number of queries."""
    found = [
        *_confirmed(account, most),
        *_moved(_newest(PurchaseDateChange.objects.filter(purchase__account=account), most)),
        *_drawn(_newest(Consumption.objects.filter(account=account), most)),
        *_corrected(_newest(Correction.objects.filter(purchase__account=account), most)),
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)[:most]


def _newest(rows: QuerySet[Any], most: int) -> QuerySet[Any]:
    return rows.order_by("-id")[:most]


def _confirmed(account: Account, most: int) -> Iterator[Event]:
    """Purchases confirmed and taken back, as the change log says."""
    keys = Purchase.objects.filter(account=account, confirmations__gt=0).values_list("pk", flat=True)
    rows = ChangeLogEntry.objects.filter(table=Purchase._meta.db_table, row__in=[str(key) for key in keys])
    newest = list(_newest(rows.filter(changes__has_key="draft").select_related("actor"), most))
    lots = Purchase.objects.defer("description").in_bulk({int(row.row) for row in newest})
    moved = _credits_at(lifetimes(lots.values()))
    for row in newest:
        lot = lots[int(row.row)]
        if credits := moved.get((lot.pk, row.at)):
            what = CONFIRMED if credits > 0 else TAKEN_BACK
            yield Event(row.at, what, _name(row.actor), lot, credits, note=row.reason)


def _credits_at(lives: list[Lifetime]) -> dict[tuple[int, datetime.datetime], int]:
    begun = {(life.lot.pk, life.confirmed_at): life.credits for life in lives}
    return begun | {(life.lot.pk, life.ended_at): -life.credits for life in lives if life.until}


def _moved(rows: QuerySet[PurchaseDateChange]) -> Iterator[Event]:
    for row in rows.select_related("purchase", "changed_by"):
        note = f"{_dates(row)}. {row.reason}"
        yield Event(row.changed_at, "Dates changed", _name(row.changed_by), row.purchase, note=note)


def _dates(row: PurchaseDateChange) -> str:
    pairs = (("start", row.old_starts_on, row.new_starts_on), ("expiry", row.old_expires_on, row.new_expires_on))
    moved = ((name, formats.day(old), formats.day(new)) for name, old, new in pairs if old != new)
    return capfirst(", ".join(f"{name} {old} → {new}" for name, old, new in moved))


def _drawn(rows: QuerySet[Consumption]) -> Iterator[Event]:
    for row in rows.select_related("purchase", "milestone", "allocation", "created_by"):
        yield Event(
            row.created_at,
            what_moved(row),
            _name(row.created_by),
            row.purchase,
            -row.credits,
            row.milestone,
            row.allocation.number,
            f"{reverse('credits:consumption-list')}?allocation={row.allocation.number}",
        )


def _corrected(rows: QuerySet[Correction]) -> Iterator[Event]:
    """What was asked for, and what became of it. Only a refund moves credits by itself."""
    for row in rows.select_related("purchase", "requested_by", "decided_by", "cancellation"):
        kind, refund = row.get_kind_display(), getattr(row, "cancellation", None)
        page: Any = {"document": f"Correction {row.pk}", "url": row.get_absolute_url()}
        asked, decided = _name(row.requested_by), _name(row.decided_by)
        yield Event(row.requested_at, f"{kind} requested", asked, row.purchase, note=row.reason, **page)
        if row.decided_at:
            what, credits = f"{kind} {row.get_state_display().lower()}", -refund.credits if refund else None
            yield Event(row.decided_at, what, decided, row.purchase, credits, note=row.decision_note, **page)


def _name(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user else NIGHT
