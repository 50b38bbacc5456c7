"""Posting by the set: many events in one statement, as the night does it.

The caller gives a SELECT over its own rows that yields one row per journal line; balance, periods and uniqueness are
held by the same triggers and indexes as for a single posting.
"""

from collections.abc import Sequence

from django.db import connection

from ledger.services.posting import record

SOURCE_COLUMNS = (
    "event_key, kind, effective_on, currency_id, description, line_no, account_id, product_group_id, "
    "debit, credit, debit_lcy, credit_lcy, party, lot, dimensions"
)

POST = """
WITH source ({columns}) AS MATERIALIZED ({source}),
days AS MATERIALIZED (
    SELECT effective_on, ledger_first_open_day(effective_on, %s) AS posting_date
    FROM (SELECT DISTINCT effective_on FROM source) d
),
entries AS (
    INSERT INTO ledger_journalentry
        (event_key, kind, posting_date, effective_on, currency_id, description, line_count, reason, created_by_id)
    SELECT event_key, min(kind), min(posting_date), min(effective_on), min(currency_id), min(description),
           count(*), '', %s
    FROM source JOIN days USING (effective_on)
    GROUP BY event_key
    RETURNING id, event_key
),
lines AS (
    INSERT INTO ledger_journalline
        (entry_id, line_no, account_id, product_group_id, currency_id, debit, credit, debit_lcy, credit_lcy, party, lot,
         dimensions)
    SELECT entries.id, row_number() OVER (PARTITION BY entries.id ORDER BY source.line_no), account_id,
           product_group_id, currency_id, debit, credit, debit_lcy, credit_lcy, party, lot, dimensions
    FROM source JOIN entries USING (event_key)
)
SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM entries
"""


def post_set(source: str, params: Sequence = (), *, actor=None) -> list[int]:
    """Posts every event of `source` (a SELECT with the columns of SOURCE_COLUMNS, lines without an amount left out) on
    its day or the first open day after it; gives the ids of the entries.

    An event that is posted already fails the statement (IntegrityError): the caller selects what is not posted, under
    its locks, so a second one is a fault to be seen, not to be skipped.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lock_periods(false)")
        cursor.execute(POST.format(columns=SOURCE_COLUMNS, source=source), [*params, *2 * [actor and actor.pk]])
        entry_ids = cursor.fetchone()[0]
    record(entry_ids)
    return entry_ids
