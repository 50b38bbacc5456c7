"""A release taken back: a completion that is reopened, an expiry that is reinstated.

Books (rules 7 and 10): the mirror of the stored amounts, once. Where breakage is expected of the lot's credits, what was
recognised ahead then catches up with the credits that are used now, by an entry of its own (rule 12).
"""

from django.db import connection

from credits.services.expected_breakage import post_estimates
from ledger.dates import business_date
from ledger.models import JournalEntry
from ledger.services.posting import reverse

# In one statement, because only both together leave a lot in order.
TAKE_BACK = """
WITH undone AS (
    SELECT r.*, p.number_of_credits AS whole, p.paid_total, p.paid_total_lcy, c.decimals, lcy.decimals AS lcy_decimals,
           p.breakage_rate AS rate, p.credits_refunded AS refunded, p.credits_released - r.units AS gone,
           p.credits_consumed - CASE r.cause WHEN 'consumed' THEN r.units ELSE 0 END AS used,
           p.released - p.estimated - r.amount AS base, p.released_lcy - p.estimated_lcy - r.amount_lcy AS base_lcy,
           p.estimated - r.estimated AS left_ahead, p.estimated_lcy - r.estimated_lcy AS left_ahead_lcy,
           (SELECT count(*) FROM credits_release e WHERE e.purchase_id = p.id AND e.cause = 'estimated') AS estimates
    FROM credits_release r
    JOIN credits_purchase p ON p.id = r.purchase_id
    JOIN ledger_currency c ON c.code = p.currency_id
    CROSS JOIN ledger_ledgersetup s
    JOIN ledger_currency lcy ON lcy.code = s.lcy_id
    WHERE r.event_key = %(event_key)s
),
ahead AS (
    SELECT *, greatest(0, credits_level(paid_total, whole, gone, used, refunded, rate, decimals) - base) - left_ahead AS more,
           greatest(0, credits_level(paid_total_lcy, whole, gone, used, refunded, rate, lcy_decimals) - base_lcy)
               - left_ahead_lcy AS more_lcy
    FROM undone
),
written AS (
    INSERT INTO credits_release (purchase_id, event_key, cause, milestone_id, units, amount, amount_lcy, estimated,
                                 estimated_lcy, breakage_rate, effective_on)
    SELECT purchase_id, %(new_key)s, cause, milestone_id, -units, -amount, -amount_lcy, -estimated, -estimated_lcy, NULL,
           greatest(effective_on, %(on)s::date)
    FROM undone
    UNION ALL
    SELECT purchase_id, 'breakage:' || purchase_id || ':' || estimates, 'estimated', NULL, 0, 0, 0, more, more_lcy, rate,
           greatest(effective_on, %(on)s::date)
    FROM ahead WHERE more <> 0 OR more_lcy <> 0
    RETURNING id, cause
)
SELECT coalesce(array_agg(id) FILTER (WHERE cause = 'estimated'), '{}') FROM written
"""


def take_back(released_by: str, *, event_key: str, kind: str, actor, reason: str) -> None:
    """Undoes what the event `released_by` released, today, or on its own day where a night ran ahead; the caller holds the
    locks. What posted nothing, posts nothing."""
    on = business_date()
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, {"event_key": released_by, "new_key": event_key, "on": on})
        [caught_up] = cursor.fetchone()
    entry = JournalEntry.objects.select_related("currency").filter(event_key=released_by).first()
    if entry is not None:
        reverse(entry, event_key=event_key, kind=kind, effective_on=on, actor=actor, reason=reason)
    post_estimates(caught_up, actor=actor)
