"""Proportional breakage on the lots and in the books: every lot stands where the estimate of its product group says.

Books (rule 12): recognised = P x used / expected used, capped at P. What that is more than the used credits themselves is
breakage, recognised ahead of the expiry of credits that are still there. The night brings every lot up to the estimate in
force; a later estimate catches up, also downwards: the only posting that may take revenue back without an event of the lot.
"""

import datetime
from typing import Any

from django.db import connection

from credits.models import AccountRules, BreakageEstimate, Purchase, Release
from credits.services import obstacles
from credits.services.release import LINES, STORED, UNITS
from ledger.dates import business_date
from ledger.services.batches import post_set
from pages.refusals import Refused

# Lots among the accounts from %(first)s to %(last)s whose rate or whose breakage recognised ahead is not what the estimate in
# force on %(on)s says, with what is missing. Nothing is recognised ahead of what customers keep a claim on (rule 8c).
BEHIND = f"""
WITH in_force AS MATERIALIZED (
    SELECT DISTINCT ON (product_group_id) product_group_id, expected_unused
    FROM credits_breakageestimate WHERE approved_by_id IS NOT NULL AND effective_on <= %(on)s
    ORDER BY product_group_id, effective_on DESC, approved_at DESC, id DESC
),
lots AS (
    SELECT p.*, c.decimals, lcy.decimals AS lcy_decimals,
           CASE WHEN r.unclaimed_property THEN 0 ELSE f.expected_unused END AS rate
    FROM credits_purchase p
    JOIN in_force f ON f.product_group_id = p.product_group_id
    LEFT JOIN credits_accountrules r ON r.account_id = p.account_id
    JOIN ledger_currency c ON c.code = p.currency_id
    CROSS JOIN ledger_ledgersetup s
    JOIN ledger_currency lcy ON lcy.code = s.lcy_id
    WHERE NOT p.draft AND p.paid_total > 0 AND p.credits_released < p.number_of_credits
      AND p.account_id BETWEEN %(first)s AND %(last)s
),
ahead AS (
    SELECT l.*,
           greatest(0, credits_level(paid_total, number_of_credits, credits_released, credits_consumed, credits_refunded,
                                     rate, decimals) - released + estimated) - estimated AS more,
           greatest(0, credits_level(paid_total_lcy, number_of_credits, credits_released, credits_consumed, credits_refunded,
                                     rate, lcy_decimals) - released_lcy + estimated_lcy) - estimated_lcy AS more_lcy
    FROM lots l
)
SELECT p.id, p.business_group_id, p.product_group_id, p.rate, p.more, p.more_lcy,
       CASE WHEN p.more <> 0 OR p.more_lcy <> 0 THEN found.cause END AS cause, about.detail,
       (SELECT count(*) FROM credits_release e WHERE e.purchase_id = p.id AND e.cause = 'estimated') AS estimates
FROM ahead p
{obstacles.joins("expected", effective="%(on)s::date")}
WHERE p.rate <> p.breakage_rate OR p.more <> 0 OR p.more_lcy <> 0
"""

CATCH_UP = f"""
INSERT INTO credits_release (purchase_id, event_key, cause, units, amount, amount_lcy, estimated, estimated_lcy,
                             breakage_rate, effective_on)
SELECT id, 'breakage:' || id || ':' || estimates, 'estimated', 0, 0, 0, more, more_lcy, rate, %(on)s::date
FROM ({BEHIND}) behind WHERE cause IS NULL
RETURNING id
"""

UNPOSTABLE = f"""
SELECT count(*), business_group_id, product_group_id, cause, detail FROM ({BEHIND}) behind WHERE cause IS NOT NULL
GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
"""

COUNT = f"SELECT count(*) FROM ({BEHIND}) behind WHERE cause IS NULL"

WRITTEN = """
SELECT r.event_key, 'estimate', r.effective_on, p.number || ': breakage expected of its credits', r.id, r.purchase_id, 0,
       'estimated', NULL::bigint
FROM credits_release r JOIN credits_purchase p ON p.id = r.purchase_id
WHERE r.id = ANY(%s)
"""


def catch_up(first: int, last: int, *, on: datetime.date, actor=None) -> tuple[list[int], list[tuple[int, Refused]]]:
    """Brings the lots of the accounts from `first` to `last` up to the estimates in force on `on`, effective that day. Gives
    the ids of the releases, and how many lots the books cannot take, and why. A night of a past date leaves it to tonight's:
    today's use of the lots says nothing of that day. The caller holds the accounts' locks."""
    params: dict[str, Any] = {"first": first, "last": last, "on": on}
    if (
        on < business_date()
        or not BreakageEstimate.objects.filter(approved_by__isnull=False, effective_on__lte=on).exists()
    ):
        return [], []
    with connection.cursor() as cursor:
        cursor.execute(UNPOSTABLE, params)
        refusals = [(lots, obstacles.refusal(*cell)) for lots, *cell in cursor.fetchall()]
        cursor.execute(CATCH_UP, params)
        written = [pk for (pk,) in cursor.fetchall()]
    post_estimates(written, actor=actor)
    return written, refusals


def count_behind(first: int, last: int, *, on: datetime.date) -> int:
    """How many lots `catch_up` would write a release for."""
    if on < business_date():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"first": first, "last": last, "on": on})
        [count] = cursor.fetchone()
    return count


def post_estimates(releases: list[int], *, actor=None) -> list[int]:
    """Posts what releases of the cause *estimated* recognise ahead, or take back; gives the ids of the entries."""
    if not releases:
        return []
    stored = STORED.format(columns=UNITS, units=WRITTEN)
    return post_set(LINES.format(released=stored), [releases], actor=actor)


def stamp_rate(purchase: Purchase, *, on: datetime.date) -> None:
    """Gives a lot that is being confirmed the rate of the estimate in force; nothing of it is used yet, so nothing is
    recognised."""
    estimate = BreakageEstimate.objects.in_force(on).filter(product_group=purchase.product_group_id).first()
    # Asked anew: whoever buys may have held the account since before its rules changed.
    claimed = AccountRules.objects.filter(account=purchase.account_id, unclaimed_property=True).exists()
    rate = estimate.expected_unused if estimate and not claimed else 0
    if rate != purchase.breakage_rate:
        Release.objects.create(
            purchase=purchase,
            event_key=f"breakage:{purchase.pk}:{purchase.releases.filter(cause=Release.Cause.ESTIMATED).count()}",
            cause=Release.Cause.ESTIMATED,
            units=0,
            amount=0,
            amount_lcy=0,
            breakage_rate=rate,
            effective_on=on,
        )
        purchase.refresh_from_db(fields=["breakage_rate"])
