"""Services credits against themselves and against the books: each check finds what should not exist, in one statement.

A lot is compared in units and in both currencies: what its consumptions say, what its totals say, and what the journal
says under its key.
"""

from collections.abc import Callable

from ledger.reports.checks import Offender, offenders

TOTALS = """
SELECT p.number, format('allocated %%s, expired %%s; its consumptions say %%s and %%s',
                        p.credits_allocated, p.credits_expired, c.allocated, c.expired)
FROM credits_purchase p
CROSS JOIN LATERAL (
    SELECT coalesce(sum(credits) FILTER (WHERE consumption_type <> 'expiry'), 0) AS allocated,
           coalesce(sum(credits) FILTER (WHERE consumption_type = 'expiry'), 0) AS expired
    FROM credits_consumption WHERE purchase_id = p.id
) c
WHERE (p.credits_allocated, p.credits_expired) <> (c.allocated, c.expired)
"""

MILESTONES = """
SELECT m.number, format('%%s credits allocated; its consumptions say %%s', m.credits_allocated, coalesce(c.credits, 0))
FROM credits_milestone m
LEFT JOIN (SELECT milestone_id, sum(credits) AS credits FROM credits_consumption GROUP BY milestone_id) c
  ON c.milestone_id = m.id
WHERE m.credits_allocated <> coalesce(c.credits, 0)
"""

REFUNDED = """
SELECT p.number, format('refunded %%s; its cancellations say %%s', p.credits_refunded, coalesce(c.credits, 0))
FROM credits_purchase p
LEFT JOIN (SELECT purchase_id, sum(credits) AS credits FROM credits_cancellation GROUP BY 1) c ON c.purchase_id = p.id
WHERE p.credits_refunded <> coalesce(c.credits, 0)
"""

RELEASED = """
WITH said AS (
    SELECT purchase_id, sum(units) AS units, coalesce(sum(units) FILTER (WHERE cause = 'consumed'), 0) AS consumed,
           sum(amount + estimated) AS amount, sum(amount_lcy + estimated_lcy) AS amount_lcy,
           sum(estimated) AS estimated, sum(estimated_lcy) AS estimated_lcy
    FROM credits_release GROUP BY purchase_id
)
SELECT p.number, format('released %%s credits, %%s and LCY %%s; its releases say %%s, %%s and %%s', p.credits_released,
                        p.released, p.released_lcy, coalesce(s.units, 0), coalesce(s.amount, 0), coalesce(s.amount_lcy, 0))
FROM credits_purchase p LEFT JOIN said s ON s.purchase_id = p.id
WHERE (p.credits_released, p.credits_consumed, p.released, p.released_lcy, p.estimated, p.estimated_lcy)
   <> (coalesce(s.units, 0), coalesce(s.consumed, 0), coalesce(s.amount, 0), coalesce(s.amount_lcy, 0),
       coalesce(s.estimated, 0), coalesce(s.estimated_lcy, 0))
"""

RELEASED_UNITS = """
WITH said AS (
    SELECT purchase_id, coalesce(sum(units) FILTER (WHERE cause = 'expired'), 0) AS expired,
           coalesce(sum(units) FILTER (WHERE cause = 'refunded'), 0) AS refunded
    FROM credits_release GROUP BY purchase_id
)
SELECT p.number, format('released as expired %%s and as refunded %%s; expired %%s, refunded %%s', coalesce(s.expired, 0),
                        coalesce(s.refunded, 0), p.credits_expired, p.credits_refunded)
FROM credits_purchase p LEFT JOIN said s ON s.purchase_id = p.id
WHERE (coalesce(s.expired, 0), coalesce(s.refunded, 0)) <> (p.credits_expired, p.credits_refunded)
"""

# What a milestone has released of a lot: what it holds of it where that is earned, or was recognised on allocation.
CONSUMED_UNITS = """
WITH earned AS (
    SELECT DISTINCT milestone_id FROM credits_completion WHERE earned_on IS NOT NULL AND reopened_at IS NULL
    UNION SELECT milestone_id FROM credits_allocation WHERE recognise = 'allocation' AND milestone_id IS NOT NULL
),
due AS (
    SELECT c.purchase_id, c.milestone_id, sum(c.credits) AS units FROM credits_consumption c
    JOIN earned USING (milestone_id) GROUP BY 1, 2 HAVING sum(c.credits) <> 0
),
done AS (
    SELECT purchase_id, milestone_id, sum(units) AS units FROM credits_release WHERE cause = 'consumed'
    GROUP BY 1, 2 HAVING sum(units) <> 0
)
SELECT p.number, format('milestone %%s has released %%s credits of it, and %%s are due', m.number,
                        coalesce(done.units, 0), coalesce(due.units, 0))
FROM due FULL JOIN done USING (purchase_id, milestone_id)
JOIN credits_purchase p ON p.id = purchase_id
JOIN credits_milestone m ON m.id = milestone_id
WHERE coalesce(due.units, 0) <> coalesce(done.units, 0)
"""

# Of every credit sold there is a row that says what became of it, or it is still there.
SOLD_UNITS = """
WITH gone AS (
    SELECT purchase_id, coalesce(sum(units) FILTER (WHERE cause = 'consumed'), 0) AS consumed,
           coalesce(sum(units) FILTER (WHERE cause = 'expired'), 0) AS expired,
           coalesce(sum(units) FILTER (WHERE cause = 'refunded'), 0) AS refunded
    FROM credits_release GROUP BY purchase_id
), drawn AS (
    SELECT purchase_id, sum(credits) AS credits FROM credits_consumption WHERE consumption_type <> 'expiry' GROUP BY 1
), flow AS (
    SELECT p.number, p.number_of_credits AS sold, coalesce(g.consumed, 0) AS consumed, coalesce(g.expired, 0) AS expired,
           coalesce(g.refunded, 0) AS refunded,
           p.credits_available + coalesce(d.credits, 0) - coalesce(g.consumed, 0) AS remaining
    FROM credits_purchase p LEFT JOIN gone g ON g.purchase_id = p.id LEFT JOIN drawn d ON d.purchase_id = p.id
)
SELECT number, format('%%s credits sold; %%s consumed, %%s expired, %%s refunded, %%s remaining: a difference of %%s',
                      sold, consumed, expired, refunded, remaining, sold - consumed - expired - refunded - remaining)
FROM flow WHERE sold <> consumed + expired + refunded + remaining
"""

# What an event released is what its entry took from the lot's deferral.
RELEASES_POSTED = """
WITH moved AS MATERIALIZED (
    SELECT e.event_key, l.lot, l.account_id, sum(l.debit - l.credit) AS amount, sum(l.debit_lcy - l.credit_lcy) AS amount_lcy
    FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE l.lot LIKE 'purchase:%%' GROUP BY 1, 2, 3
)
SELECT r.event_key, format('released %%s and LCY %%s of purchase %%s; its entry says %%s and %%s', r.amount + r.estimated,
                           r.amount_lcy + r.estimated_lcy, p.number, coalesce(m.amount, 0), coalesce(m.amount_lcy, 0))
FROM credits_release r
JOIN credits_purchase p ON p.id = r.purchase_id
LEFT JOIN moved m
    ON m.event_key = r.event_key AND m.lot = 'purchase:' || r.purchase_id AND m.account_id = p.deferral_account_id
WHERE NOT p.draft
  AND (r.amount + r.estimated, r.amount_lcy + r.estimated_lcy) <> (coalesce(m.amount, 0), coalesce(m.amount_lcy, 0))
"""

LIABILITY_PER_LOT = """
SELECT p.number, format('deferred %%s %%s, LCY %%s; the journal says %%s and %%s on account %%s: '
                        'a difference of %%s, LCY %%s',
                        p.currency_id, p.deferred, coalesce(p.paid_total_lcy, 0) - p.released_lcy,
                        coalesce(b.amount, 0), coalesce(b.amount_lcy, 0), p.deferral_account_id,
                        p.deferred - coalesce(b.amount, 0),
                        coalesce(p.paid_total_lcy, 0) - p.released_lcy - coalesce(b.amount_lcy, 0))
FROM credits_purchase p
LEFT JOIN (
    SELECT lot, account_id, currency_id, sum(credit - debit) AS amount, sum(credit_lcy - debit_lcy) AS amount_lcy
    FROM ledger_journalline WHERE lot LIKE 'purchase:%%' GROUP BY lot, account_id, currency_id
) b ON b.lot = 'purchase:' || p.id AND b.account_id = p.deferral_account_id AND b.currency_id = p.currency_id
WHERE p.deferred <> coalesce(b.amount, 0)
   OR (NOT p.draft AND p.paid_total_lcy - p.released_lcy <> coalesce(b.amount_lcy, 0))
"""

LIABILITY_PER_ACCOUNT = """
WITH lots AS (
    SELECT deferral_account_id AS account_id, product_group_id, currency_id,
           sum(deferred) AS amount, sum(paid_total_lcy - released_lcy) AS amount_lcy
    FROM credits_purchase WHERE deferral_account_id IS NOT NULL GROUP BY 1, 2, 3
), books AS (
    SELECT account_id, product_group_id, currency_id,
           sum(credit - debit) AS amount, sum(credit_lcy - debit_lcy) AS amount_lcy
    FROM ledger_journalline WHERE account_id IN (SELECT account_id FROM lots) AND lot LIKE 'purchase:%%' GROUP BY 1, 2, 3
)
SELECT format('account %%s, %%s, %%s', account_id, coalesce(product_group_id, 'no product group'), currency_id),
       format('the lots hold %%s, LCY %%s; the account stands at %%s and %%s: a difference of %%s, LCY %%s',
              coalesce(lots.amount, 0), coalesce(lots.amount_lcy, 0),
              coalesce(books.amount, 0), coalesce(books.amount_lcy, 0),
              coalesce(lots.amount, 0) - coalesce(books.amount, 0),
              coalesce(lots.amount_lcy, 0) - coalesce(books.amount_lcy, 0))
FROM lots FULL JOIN books USING (account_id, product_group_id, currency_id)
WHERE (coalesce(lots.amount, 0), coalesce(lots.amount_lcy, 0)) <> (coalesce(books.amount, 0), coalesce(books.amount_lcy, 0))
"""

EARNED = """
SELECT m.number, 'earned, but the books hold no entry of its completion ' || c.sequence
FROM credits_completion c JOIN credits_milestone m ON m.id = c.milestone_id
WHERE c.earned_on IS NOT NULL AND c.reopened_at IS NULL AND c.entry_id IS NULL AND EXISTS (
    SELECT FROM credits_consumption d WHERE d.milestone_id = m.id GROUP BY d.milestone_id HAVING sum(d.paid_amount) > 0)
  AND NOT EXISTS (SELECT FROM credits_allocation a WHERE a.milestone_id = m.id AND a.recognise = 'allocation')
"""

STANDING = """
SELECT m.number, format('actual date %%s; its standing completion says %%s', coalesce(m.actual_on::text, 'none'),
                        coalesce(c.actual_on::text, 'none'))
FROM credits_milestone m
LEFT JOIN credits_completion c ON c.milestone_id = m.id AND c.reopened_at IS NULL
WHERE m.actual_on IS DISTINCT FROM c.actual_on
"""


def _check(name: str, sql: str) -> tuple[str, Callable[[], list[Offender]]]:
    return name, lambda: offenders(name, sql)


CHECKS: dict[str, Callable[[], list[Offender]]] = dict(
    [
        _check("purchase totals follow the consumptions", TOTALS),
        _check("milestone totals follow the consumptions", MILESTONES),
        _check("refunded credits follow the cancellations", REFUNDED),
        _check("released totals follow the releases", RELEASED),
        _check("sold credits are consumed, expired, refunded or remaining", SOLD_UNITS),
        _check("released credits are earned, expired or refunded", RELEASED_UNITS),
        _check("milestones release what they hold", CONSUMED_UNITS),
        _check("what is released is posted", RELEASES_POSTED),
        _check("each lot's liability is in the journal", LIABILITY_PER_LOT),
        _check("the deferral accounts hold the sum of the lots", LIABILITY_PER_ACCOUNT),
        _check("what is earned is posted", EARNED),
        _check("actual dates and completions agree", STANDING),
    ]
)
