"""What was recorded when. The instants are the database's own and cannot be chosen, so a test moves those of the rows that
it made, past the triggers that refuse every change. The tests alone do that."""

import contextlib
import datetime

import time_machine
from django.db import connection

STAMPS = {
    "ledger_journalentry": "created_at",
    "credits_consumption": "created_at",
    "credits_completion": "completed_at",
    "credits_purchasedatechange": "changed_at",
    "ledger_changelogentry": "at",
}


@contextlib.contextmanager
def recorded_on(day: datetime.date, hour: int = 12):
    """The block happens at that hour (UTC) of the day, and the database's instants of what it writes say so, too."""
    at = datetime.datetime.combine(day, datetime.time(hour), datetime.UTC)
    with connection.cursor() as cursor:
        before = {table: last_id(cursor, table) for table in STAMPS}
        with time_machine.travel(at, tick=False):
            yield
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, stamp in STAMPS.items():
            cursor.execute(f"UPDATE {table} SET {stamp} = %s WHERE id > %s", [at, before[table]])
        cursor.execute("SET LOCAL session_replication_role = origin")


def last_id(cursor, table: str) -> int:
    cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
    return cursor.fetchone()[0]
