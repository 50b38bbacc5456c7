"""As known on a day: what the books held at the end of it, whatever has been recorded since."""

import datetime
from typing import TypeVar

from django.db.models import QuerySet

from ledger.dates import end_of
from ledger.models import JournalEntry

Rows = TypeVar("Rows", bound=QuerySet)


def known_on(rows: Rows, day: datetime.date | None) -> Rows:
    """The entries, or the lines of entries, that were recorded by the end of `day`, company time; all of them without a
    day."""
    path = "" if rows.model is JournalEntry else "entry__"
    return rows.filter(**{f"{path}created_at__lt": end_of(day)}) if day else rows


def recorded_between(rows: Rows, after: datetime.date | None, until: datetime.date | None) -> Rows:
    """What became known after the end of the day `after`, and by the end of the day `until`; either of them open."""
    path = "" if rows.model is JournalEntry else "entry__"
    later = rows.filter(**{f"{path}created_at__gte": end_of(after)}) if after else rows
    return known_on(later, until)
