"""The money of a lot on its way out of deferred revenue: earned, or lapsed. Set-based, for one lot or for a night.

Cutting a lot's total P of N units: the k-th cumulative amount is R(k); a posting is max(0, R(k after) - released so far),
k being the units completed, expired and refunded, net of reversals. So any order of parts ends at exactly P, in the
currency and in LCY alike (posting rules, "Cutting a lot's total").
"""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from credits.models import Completion
from ledger.exceptions import BlockedAccount, BlockedCombination, MissingAccount, PostingNotAllowed
from ledger.services.batches import SOURCE_COLUMNS, post_set
from pages.refusals import Refused

# From rows of units leaving lots to journal lines: a debit of the lot's deferral and a credit of the contra account.
# `units` yields (event_key, kind, effective_on, description, position, purchase_id, units, contra).
LINES = """
WITH units (event_key, kind, effective_on, description, position, purchase_id, units, contra) AS ({units}),
running AS (
    SELECT u.*, p.number_of_credits AS whole, p.paid_total, p.paid_total_lcy, p.released, p.released_lcy, p.currency_id,
           p.account_id AS customer_id, p.dimensions, p.product_group_id, p.business_group_id, p.deferral_account_id,
           c.decimals, lcy.decimals AS lcy_decimals,
           p.credits_released + sum(u.units) OVER (PARTITION BY p.id ORDER BY u.position) AS k
    FROM units u
    JOIN credits_purchase p ON p.id = u.purchase_id
    JOIN ledger_currency c ON c.code = p.currency_id
    CROSS JOIN ledger_ledgersetup s
    JOIN ledger_currency lcy ON lcy.code = s.lcy_id
),
levels AS (
    SELECT *, greatest(released, ledger_cumulative(paid_total, k, whole, decimals)) AS level,
           greatest(released_lcy, ledger_cumulative(paid_total_lcy, k, whole, lcy_decimals)) AS level_lcy
    FROM running
),
amounts AS (
    SELECT *, level - lag(level, 1, released) OVER before AS amount,
           level_lcy - lag(level_lcy, 1, released_lcy) OVER before AS amount_lcy
    FROM levels WINDOW before AS (PARTITION BY purchase_id ORDER BY position)
)
SELECT a.event_key, a.kind, a.effective_on, a.currency_id, a.description,
       row_number() OVER (PARTITION BY a.event_key ORDER BY a.position, a.purchase_id, side.place),
       CASE WHEN side.place = 0 THEN a.deferral_account_id
            WHEN a.contra = 'sales' THEN g.sales_id WHEN a.contra = 'breakage' THEN g.breakage_id END,
       a.product_group_id,
       CASE side.place WHEN 0 THEN amount ELSE 0 END, CASE side.place WHEN 1 THEN amount ELSE 0 END,
       CASE side.place WHEN 0 THEN amount_lcy ELSE 0 END, CASE side.place WHEN 1 THEN amount_lcy ELSE 0 END,
       'account:' || a.customer_id, 'purchase:' || a.purchase_id, a.dimensions
FROM amounts a
JOIN ledger_postingsetup g ON g.business_group_id = a.business_group_id AND g.product_group_id = a.product_group_id
CROSS JOIN (VALUES (0), (1)) AS side(place)
WHERE amount > 0 OR amount_lcy > 0
"""

# What keeps the books from taking a release of lot `p` of the day `{effective}`: nothing (''), a blocked combination or an
# empty cell, a day after the last one allowed, or a blocked account (its code). Selected beside its JOINS, for the contra
# account 'sales' or 'breakage'.
OBSTACLE_JOINS = """
LEFT JOIN ledger_postingsetup g ON g.business_group_id = p.business_group_id AND g.product_group_id = p.product_group_id
LEFT JOIN ledger_ledgeraccount contra ON contra.code = g.{contra}_id
LEFT JOIN ledger_ledgeraccount deferral ON deferral.code = p.deferral_account_id
LEFT JOIN ledger_ledgersetup books ON true
"""
OBSTACLE = """
CASE WHEN p.amount_paid_per_credit = 0 THEN ''
     WHEN g.blocked THEN '!combination'
     WHEN contra.code IS NULL THEN '!account'
     WHEN ledger_first_open_day({effective}) > books.posting_to THEN '!day ' || books.posting_to
     WHEN contra.blocked THEN contra.code
     WHEN deferral.blocked THEN deferral.code
     ELSE '' END
"""

# The released totals of the lots follow what was posted for them. Materialized, because on tables that nobody has analysed
# yet the planner would compute both for every row.
FOLLOW = """
WITH units (event_key, kind, effective_on, description, position, purchase_id, units, contra) AS MATERIALIZED ({units}),
posted AS MATERIALIZED (
    SELECT lot, account_id, sum(debit) AS amount, sum(debit_lcy) AS amount_lcy
    FROM ledger_journalline WHERE entry_id = ANY(%s) GROUP BY lot, account_id
)
UPDATE credits_purchase p
SET credits_released = p.credits_released + u.units, released = p.released + coalesce(posted.amount, 0),
    released_lcy = p.released_lcy + coalesce(posted.amount_lcy, 0)
FROM (SELECT purchase_id, sum(units) AS units FROM units GROUP BY purchase_id) u
JOIN credits_purchase of_unit ON of_unit.id = u.purchase_id
LEFT JOIN posted ON posted.lot = 'purchase:' || u.purchase_id AND posted.account_id = of_unit.deferral_account_id
WHERE p.id = u.purchase_id
"""

TAKE_BACK = """
UPDATE credits_purchase p
SET credits_released = p.credits_released - u.units, released = p.released - coalesce(l.debit, 0),
    released_lcy = p.released_lcy - coalesce(l.debit_lcy, 0)
FROM (
    SELECT purchase_id, sum(credits) AS units FROM credits_consumption WHERE milestone_id = %s GROUP BY purchase_id
) u
JOIN credits_purchase of_unit ON of_unit.id = u.purchase_id
LEFT JOIN ledger_journalline l
    ON l.entry_id = %s AND l.lot = 'purchase:' || u.purchase_id AND l.account_id = of_unit.deferral_account_id
WHERE p.id = u.purchase_id AND u.units <> 0
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
    """Posts the release of the `units` (a SELECT as above, over locked accounts) and moves the released totals of their
    lots; gives the ids of the journal entries. Free lots move their units and post nothing."""
    entry_ids = post_set(LINES.format(units=units), params, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW.format(units=units), [*params, entry_ids])
    return entry_ids


def obstacle(business_group: str, product_group: str, found: str, *, contra: str) -> Refused:
    """The refusal for what OBSTACLE found."""
    match found.split():
        case ["!combination"]:
            return BlockedCombination(business_group, product_group)
        case ["!account"]:
            return MissingAccount(business_group, product_group, contra)
        case ["!day", last]:
            return PostingNotAllowed(datetime.date.fromisoformat(last))
    return BlockedAccount(found)


def lines(units: str, params: Sequence) -> list[ReleaseLine]:
    """The journal lines that `release` would post for the units, read and not written."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({LINES.format(units=units)}) AS line ({SOURCE_COLUMNS})", params)
        return [ReleaseLine(*row) for row in cursor.fetchall()]


def take_back(completion: Completion) -> None:
    """Undoes on the lots what the earning of a completion had released; its journal entry is reversed by the caller."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [completion.milestone_id, completion.entry_id])
