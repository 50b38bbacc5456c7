"""What will become of the deferred revenue of a day: recognised or lapsed, month by month, as known on any day.

The books know how much is deferred; what is to become of it is known to the apps above, which register in their `apps.py`:

    def ready(self):
        from credits.reports import deferral         # late: models are ready only now
        register("credits", deferral.PARTS)

A source is a SELECT that cuts rows of `held` (id, account_id, product_group_id, party, lot, currency_id, amount, amount_lcy)
into parts: held_id, expires_on (the last usable day, or NULL where there is none), due_on (a day, or NULL where nobody has
set one), overdue (should have happened before %(on)s), cause ('recognise' or 'lapse'), behind (the key in `ledger.sources`
of what decides it), amount and amount_lcy. It may ask for %(on)s, %(day_ends)s (when that day ends) and %(known_before)s.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from ledger.dates import end_of
from ledger.reports.groups import GROUPS, months, next_month

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
NO_SOURCE = "SELECT NULL::bigint, NULL::date, NULL::date, false, '', '', 0::numeric, 0::numeric WHERE false"
PAST, LATER, UNDATED, UNEXPLAINED = "past", "later", "undated", "unexplained"
# The month a part stands in. What is done and only waits for a night is due in the month of the day asked for.
BUCKETS = {
    "due": """CASE WHEN part.cause = 'unexplained' THEN 'unexplained' WHEN part.overdue THEN 'past'
                   WHEN part.due_on IS NULL THEN 'undated'
                   WHEN part.due_on >= %(horizon)s THEN 'later'
                   ELSE to_char(greatest(part.due_on, %(on)s), 'YYYY-MM') END""",
    "expiry": """CASE WHEN part.cause = 'unexplained' THEN 'unexplained' WHEN part.expires_on < %(on)s THEN 'past'
                      WHEN part.expires_on IS NULL THEN 'undated'
                      WHEN part.expires_on >= %(horizon)s THEN 'later' ELSE to_char(part.expires_on, 'YYYY-MM') END""",
}

_sources: dict[str, str] = {}


def register(name: str, parts: str) -> None:
    """`parts`: the SELECT of an app, as above."""
    _sources[name] = parts


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question to the deferral accounts: at the end of which day, as known on which, by what, how many months ahead, and
    whether they are the months in which something is due or those in which the lots expire."""

    on: datetime.date
    known_on: datetime.date | None = None
    by: str = "account"
    months: int = 12
    view: str = "due"

    @property
    def horizon(self) -> datetime.date:
        """The first day after the months shown one by one."""
        month = self.on
        for _ in range(self.months):
            month = next_month(month)
        return month

    @property
    def buckets(self) -> list[str]:
        """In the order of the report: what is past, the months, what comes later, what has no date, what nobody explains."""
        shown = [f"{month:%Y-%m}" for month in months(self.on, self.horizon - datetime.timedelta(days=1))]
        return [PAST, *shown, LATER, UNDATED, UNEXPLAINED]


def ask(asked: Asked, select: str, **params: Any) -> list[tuple]:
    """The rows of `select`, which reads `placed`: every part of every lot with its `bucket` and `key`. One query, and one
    for the time zone."""
    sources = " UNION ALL ".join(f"({source})" for source in _sources.values()) or NO_SOURCE
    sql = SQL.format(sources=sources, key=GROUPS[asked.by], bucket=BUCKETS[asked.view])
    ends, known = end_of(asked.on), end_of(asked.known_on)
    given = {"on": asked.on, "horizon": asked.horizon, "day_ends": ends, "known_before": known, **params}
    with connection.cursor() as cursor:
        cursor.execute(sql + select, given)
        return cursor.fetchall()
