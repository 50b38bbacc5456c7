"""As known on a day: what the books held at the end of it, whatever has been recorded since."""

import datetime
from typing import TypeVar

from django.db.models import QuerySet

from ledger.dates import end_of, start_of
from ledger.models import JournalEntry

Rows = TypeVar("Rows", bound=QuerySet)


def recorded_by(rows: Rows, day: datetime.date | None) -> Rows:
    """The entries, or the lines of entries, that were recorded by the end of `day`, company time; all of them without a
    day."""
    return rows.filter(**{f"{path(rows)}created_at__lt": end_of(day)}) if day else rows


def recorded_from(rows: Rows, day: datetime.date | None) -> Rows:
    """What has become known since the beginning of `day`; all of them without a day."""
    return rows.filter(**{f"{path(rows)}created_at__gte": start_of(day)}) if day else rows


def path(rows: QuerySet) -> str:
    return "" if rows.model is JournalEntry else "entry__"
