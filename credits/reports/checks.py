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

RELEASED_UNITS = """
SELECT p.number, format('%%s credits released; completed and earned %%s, expired %%s, refunded %%s',
                        p.credits_released, coalesce(e.units, 0), p.credits_expired, p.credits_refunded)
FROM credits_purchase p
LEFT JOIN (
    SELECT c.purchase_id, sum(c.credits) AS units
    FROM credits_completion done JOIN credits_consumption c ON c.milestone_id = done.milestone_id
    WHERE done.earned_on IS NOT NULL AND done.reopened_at IS NULL GROUP BY c.purchase_id
) e ON e.purchase_id = p.id
WHERE p.credits_released <> coalesce(e.units, 0) + p.credits_expired + p.credits_refunded
"""

# Of every credit sold there is a row that says what became of it, or it is still there.
SOLD_UNITS = """
WITH earned AS (
    SELECT DISTINCT milestone_id FROM credits_completion WHERE earned_on IS NOT NULL AND reopened_at IS NULL
), taken AS (
    SELECT c.purchase_id, coalesce(sum(c.credits) FILTER (WHERE earned.milestone_id IS NOT NULL), 0) AS consumed,
           coalesce(sum(c.credits) FILTER (WHERE c.consumption_type = 'expiry'), 0) AS expired,
           coalesce(sum(c.credits) FILTER (WHERE c.consumption_type <> 'expiry' AND earned.milestone_id IS NULL), 0) AS held
    FROM credits_consumption c LEFT JOIN earned ON earned.milestone_id = c.milestone_id
    GROUP BY c.purchase_id
), flow AS (
    SELECT p.number, p.number_of_credits AS sold, coalesce(t.consumed, 0) AS consumed, coalesce(t.expired, 0) AS expired,
           p.credits_refunded AS refunded, p.credits_available + coalesce(t.held, 0) AS remaining
    FROM credits_purchase p LEFT JOIN taken t ON t.purchase_id = p.id
)
SELECT number, format('%%s credits sold; %%s consumed, %%s expired, %%s refunded, %%s remaining: a difference of %%s',
                      sold, consumed, expired, refunded, remaining, sold - consumed - expired - refunded - remaining)
FROM flow WHERE sold <> consumed + expired + refunded + remaining
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
    FROM ledger_journalline WHERE account_id IN (SELECT account_id FROM lots) GROUP BY 1, 2, 3
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
        _check("sold credits are consumed, expired, refunded or remaining", SOLD_UNITS),
        _check("released credits are earned, expired or refunded", RELEASED_UNITS),
        _check("each lot's liability is in the journal", LIABILITY_PER_LOT),
        _check("the deferral accounts hold the sum of the lots", LIABILITY_PER_ACCOUNT),
        _check("what is earned is posted", EARNED),
        _check("actual dates and completions agree", STANDING),
    ]
)
