"""The money of a lot on its way out of deferred revenue: earned, lapsed, refunded. Set-based, for one lot or for a night.

Cutting a lot's total P of N units: the k-th cumulative amount is R(k); a posting is max(0, R(k after) - released so far),
k being the units completed, expired and refunded, net of reversals. So any order of parts ends at exactly P, in the
currency and in LCY alike (posting rules, "Cutting a lot's total"). What a milestone gives back takes its stored share with
it, cut the same way. Where a share of the credits is expected to stay unused, the breakage expected of them is recognised
with those that are used (rule 12): it is kept apart, as `estimated`.
"""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from credits.services.obstacles import CONTRAS
from ledger.services.batches import SOURCE_COLUMNS, post_set

# From rows of units leaving lots (below zero: coming back from a milestone) to what leaves the deferral with them. `units`
# yields these columns; a lot may come several times, and is then cut in the order of `position`.
UNITS = "event_key, kind, effective_on, description, position, purchase_id, units, cause, milestone_id"
CUT = """
WITH units ({columns}) AS MATERIALIZED ({units}),
running AS (
    SELECT u.*, p.number_of_credits AS whole, p.paid_total, p.paid_total_lcy, p.estimated, p.estimated_lcy, p.breakage_rate,
           p.released - p.estimated AS base, p.released_lcy - p.estimated_lcy AS base_lcy,
           c.decimals, lcy.decimals AS lcy_decimals,
           held.units AS held, held.amount AS held_amount, held.amount_lcy AS held_amount_lcy,
           p.credits_released + sum(u.units) OVER so_far AS gone,
           p.credits_consumed + sum(CASE u.cause WHEN 'consumed' THEN u.units ELSE 0 END) OVER so_far AS used,
           p.credits_refunded + sum(CASE u.cause WHEN 'refunded' THEN u.units ELSE 0 END) OVER so_far AS refunded
    FROM units u
    JOIN credits_purchase p ON p.id = u.purchase_id
    JOIN ledger_currency c ON c.code = p.currency_id
    CROSS JOIN ledger_ledgersetup s
    JOIN ledger_currency lcy ON lcy.code = s.lcy_id
    LEFT JOIN LATERAL (
        SELECT sum(r.units) AS units, sum(r.amount) AS amount, sum(r.amount_lcy) AS amount_lcy
        FROM credits_release r WHERE r.milestone_id = u.milestone_id AND r.purchase_id = u.purchase_id
    ) held ON u.units < 0
    WINDOW so_far AS (PARTITION BY p.id ORDER BY u.position)
),
levels AS (
    SELECT *,
           CASE WHEN units < 0 THEN base - held_amount + ledger_cumulative(held_amount, held + units, held, decimals)
                ELSE greatest(base, ledger_cumulative(paid_total, gone, whole, decimals)) END AS level,
           CASE WHEN units < 0
                THEN base_lcy - held_amount_lcy + ledger_cumulative(held_amount_lcy, held + units, held, lcy_decimals)
                ELSE greatest(base_lcy, ledger_cumulative(paid_total_lcy, gone, whole, lcy_decimals)) END AS level_lcy
    FROM running
),
expected AS (
    SELECT *,
           greatest(0, credits_level(paid_total, whole, gone, used, refunded, breakage_rate, decimals) - level) AS ahead,
           greatest(0, credits_level(paid_total_lcy, whole, gone, used, refunded, breakage_rate, lcy_decimals) - level_lcy)
               AS ahead_lcy
    FROM levels
)
SELECT {columns}, level - lag(level, 1, base) OVER before AS amount,
       level_lcy - lag(level_lcy, 1, base_lcy) OVER before AS amount_lcy,
       ahead - lag(ahead, 1, estimated) OVER before AS estimated,
       ahead_lcy - lag(ahead_lcy, 1, estimated_lcy) OVER before AS estimated_lcy
FROM expected WINDOW before AS (PARTITION BY purchase_id ORDER BY position)
"""

RELEASE = """
INSERT INTO credits_release (purchase_id, event_key, cause, milestone_id, units, amount, amount_lcy, estimated, estimated_lcy,
                             effective_on)
SELECT purchase_id, event_key, cause, milestone_id, units, amount, amount_lcy, estimated, estimated_lcy, effective_on
FROM ({cut}) cut
"""

# What was released, beside what its units say of the entry.
STORED = """
WITH units ({columns}) AS MATERIALIZED ({units})
SELECT u.*, r.amount, r.amount_lcy, r.estimated, r.estimated_lcy
FROM units u JOIN credits_release r ON r.event_key = u.event_key AND r.purchase_id = u.purchase_id
"""

# The journal lines of releases: out of the lot's deferral, against revenue or what the credits expired to, and against
# breakage for what is expected of the rest. A line has one side; where currency and LCY differ in it, it becomes two.
LINES = f"""
WITH moved AS (
    SELECT r.event_key, r.kind, r.effective_on, r.description, r.position, p.currency_id, p.product_group_id,
           p.account_id AS customer_id, p.id AS purchase_id, p.dimensions, side.*
    FROM ({{released}}) r
    JOIN credits_purchase p ON p.id = r.purchase_id
    JOIN ledger_postingsetup g ON g.business_group_id = p.business_group_id AND g.product_group_id = p.product_group_id
    LEFT JOIN credits_accountrules rules ON rules.account_id = p.account_id
    CROSS JOIN LATERAL (
        SELECT CASE r.cause WHEN 'consumed' THEN {CONTRAS["sales"]} ELSE {CONTRAS["breakage"]} END AS name
    ) against
    CROSS JOIN LATERAL (VALUES
        (0, p.deferral_account_id, r.amount + r.estimated, r.amount_lcy + r.estimated_lcy),
        (1, CASE against.name WHEN 'sales' THEN g.sales_id WHEN 'unclaimed' THEN g.unclaimed_id ELSE g.breakage_id END,
         -r.amount - CASE against.name WHEN 'breakage' THEN r.estimated ELSE 0 END,
         -r.amount_lcy - CASE against.name WHEN 'breakage' THEN r.estimated_lcy ELSE 0 END),
        (2, g.breakage_id, CASE against.name WHEN 'breakage' THEN 0 ELSE -r.estimated END,
         CASE against.name WHEN 'breakage' THEN 0 ELSE -r.estimated_lcy END)
    ) AS side (place, account_id, debit, debit_lcy)
)
SELECT event_key, kind, effective_on, currency_id, description,
       row_number() OVER (PARTITION BY event_key ORDER BY position, purchase_id, place, sign DESC), account_id,
       product_group_id,
       CASE sign WHEN 1 THEN greatest(debit, 0) ELSE 0 END, CASE sign WHEN -1 THEN greatest(-debit, 0) ELSE 0 END,
       CASE sign WHEN 1 THEN greatest(debit_lcy, 0) ELSE 0 END, CASE sign WHEN -1 THEN greatest(-debit_lcy, 0) ELSE 0 END,
       'account:' || customer_id, 'purchase:' || purchase_id, dimensions
FROM moved CROSS JOIN (VALUES (1), (-1)) AS signs (sign)
WHERE debit * sign > 0 OR debit_lcy * sign > 0
"""


class ReleaseLine(NamedTuple):
    """A journal line of a release, in the order of SOURCE_COLUMNS."""

    event_key: str
    kind: str
    effective_on: datetime.date
    currency: str
    description: str
    line_no: int
    account: str
    product_group: str
    debit: Decimal
    credit: Decimal
    debit_lcy: Decimal
    credit_lcy: Decimal
    party: str
    lot: str
    dimensions: str


def release(units: str, params: Sequence, *, actor=None) -> list[int]:
    """Releases the `units` (a SELECT of the columns of UNITS, over locked accounts) and posts what leaves the deferral with
    them; gives the ids of the journal entries. Free lots release their units and post nothing."""
    write_releases(units, params)
    return post_set(LINES.format(released=STORED.format(columns=UNITS, units=units)), params, actor=actor)


def write_releases(units: str, params: Sequence) -> None:
    """Releases the `units`; the caller posts."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE.format(cut=CUT.format(columns=UNITS, units=units)), params)


def lines(units: str, params: Sequence) -> list[ReleaseLine]:
    """The journal lines that `release` would post for the units, read and not written."""
    source = LINES.format(released=CUT.format(columns=UNITS, units=units))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({source}) AS line ({SOURCE_COLUMNS})", params)
        return [ReleaseLine(*row) for row in cursor.fetchall()]
