"""Notices: what is due to be told, told once, and settled when its cause is gone.

`notices_due.sql` says what there is to tell on a day; the night opens what is not told yet and settles what is not due any
more. What comes back under the same key (credits given back to a lot, a milestone that is short as before) is open again, and
not told again. A lot has one notice open at a time: the nearest of the days of notice settles the ones before it.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from credits.models import CreditsSetup
from ledger.dates import business_date

DUE = Path(__file__).with_name("notices_due.sql").read_text(encoding="utf-8")
GONE_AFTER = 90  # days after the last usable day of its latest lot, an account without credits is no customer any more

TELL = f"""
WITH due AS MATERIALIZED ({DUE}),
told AS (
    INSERT INTO credits_notice (key, kind, account_id, currency_id, purchase_id, milestone_id, due_on, threshold, credits,
                                raised_on)
    SELECT due.*, %(on)s::date FROM due ORDER BY due_on, key
    ON CONFLICT (key) DO NOTHING
    RETURNING id
),
reopened AS (
    UPDATE credits_notice n SET settled_on = NULL FROM due WHERE n.key = due.key AND n.settled_on IS NOT NULL
    RETURNING n.id
),
settled AS (
    UPDATE credits_notice n SET settled_on = %(on)s::date
    WHERE n.settled_on IS NULL AND n.account_id BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (SELECT FROM due WHERE due.key = n.key)
    RETURNING n.id
)
SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM reopened), (SELECT count(*) FROM settled)
"""

COUNT = f"SELECT count(*) FROM ({DUE}) due WHERE NOT EXISTS (SELECT FROM credits_notice n WHERE n.key = due.key)"


@dataclass(frozen=True)
class Told:
    """How many notices were told, opened again, and settled."""

    told: int = 0
    reopened: int = 0
    settled: int = 0


def tell(first: int, last: int, *, on: datetime.date) -> Told:
    """Brings the notices of the accounts from `first` to `last` to where they should be on `on`. The caller holds their
    locks.

    The night of a day that has passed, missed or run once more, tells nothing: a notice is about the day on which it is
    read. The night of today tells what is due by then, with the nearest of the days of notice that were passed meanwhile.
    """
    if on < business_date():
        return Told()
    with connection.cursor() as cursor:
        cursor.execute(TELL, _params(first, last, on))
        return Told(*cursor.fetchone())


def count_untold(first: int, last: int, *, on: datetime.date) -> int:
    """How many notices `tell` would give that were never given."""
    if on < business_date():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(COUNT, _params(first, last, on))
        [count] = cursor.fetchone()
    return count


def _params(first: int, last: int, on: datetime.date) -> dict[str, Any]:
    setup = CreditsSetup.current()
    return {
        "first": first,
        "last": last,
        "on": on,
        "days": setup.notice_days,
        "low": setup.low_balance_credits,
        "gone": GONE_AFTER,
        "soon": setup.expiring_soon_days,
        "no_need": setup.statuses_without_allocation,
        "past_expiry": setup.allocate_past_expiry,
    }
