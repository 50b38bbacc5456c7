"""What the next night will find, counted: for companies too large to have the night rehearsed while somebody waits."""

import datetime

from django.db import connection

from credits.services.earn import pending
from credits.services.expected_breakage import count_behind
from credits.services.expire import due_sql, grace_days
from credits.services.notices import count_untold

ALL_ACCOUNTS = (0, 2**63 - 1)
COUNT = "SELECT count(*), coalesce(sum(credits_available), 0) FROM ({due}) d WHERE cause IS NULL"


def count_due(on: datetime.date) -> dict[str, int]:
    """Purchases and credits that the night of `on` expires."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(due=due_sql("true")), {"on": on, "grace": grace_days(), "actor": None})
        purchases, credits = cursor.fetchone()
    return {"purchases": purchases, "credits": int(credits)}


def count_completed(on: datetime.date) -> dict[str, int]:
    """Milestones whose revenue the night of `on` posts."""
    ready, _ = pending(*ALL_ACCOUNTS, on)
    return {"milestones": len(ready)}


def count_expected(on: datetime.date) -> dict[str, int]:
    """Purchases that the night of `on` brings up to the breakage estimates in force."""
    return {"purchases": count_behind(*ALL_ACCOUNTS, on=on)}


def count_notices(on: datetime.date) -> dict[str, int]:
    """Notices that the night of `on` gives, as things stand now."""
    return {"notices": count_untold(*ALL_ACCOUNTS, on=on)}
