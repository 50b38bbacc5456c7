"""Revenue of completed milestones: the night's posting from deferred revenue to revenue.

Books (rule 6): one entry per completion, a pair of lines per lot, effective on the actual date. A milestone earns what was
paid for the credits it drew; free credits earn nothing and are marked as done all the same.
"""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

from credits.services.release import release
from ledger.exceptions import MissingAccount

# Completions to be earned on %s among the accounts from %s to %s; a lot without a sales account makes one unpostable.
PENDING = """
SELECT c.id, bool_and(p.amount_paid_per_credit = 0 OR g.sales_id IS NOT NULL) AS postable,
       min(p.business_group_id) FILTER (WHERE g.sales_id IS NULL) AS business_group,
       min(p.product_group_id) FILTER (WHERE g.sales_id IS NULL) AS product_group
FROM credits_completion c
LEFT JOIN LATERAL (
    SELECT purchase_id FROM credits_consumption WHERE milestone_id = c.milestone_id
    GROUP BY purchase_id HAVING sum(credits) > 0
) d ON true
LEFT JOIN credits_purchase p ON p.id = d.purchase_id
LEFT JOIN ledger_postingsetup g ON g.business_group_id = p.business_group_id AND g.product_group_id = p.product_group_id
JOIN credits_milestone m ON m.id = c.milestone_id
JOIN opportunities_project j ON j.id = m.project_id
WHERE c.earned_on IS NULL AND c.reopened_at IS NULL AND c.actual_on <= %s AND j.account_id BETWEEN %s AND %s
GROUP BY c.id
"""

UNITS = """
SELECT 'milestone:' || c.milestone_id || ':complete:' || c.sequence, 'completion', c.actual_on,
       m.number || ' ' || left(m.name, 150) || ' completed',
       row_number() OVER (ORDER BY c.actual_on, c.id, d.purchase_id), d.purchase_id, d.units, 'sales'
FROM credits_completion c
JOIN credits_milestone m ON m.id = c.milestone_id
JOIN (
    SELECT milestone_id, purchase_id, sum(credits) AS units FROM credits_consumption
    WHERE milestone_id IN (SELECT milestone_id FROM credits_completion WHERE id = ANY(%s))
    GROUP BY milestone_id, purchase_id HAVING sum(credits) > 0
) d ON d.milestone_id = c.milestone_id
WHERE c.id = ANY(%s)
"""

MARK = """
UPDATE credits_completion c SET earned_on = %s, entry_id = e.id
FROM credits_completion same
LEFT JOIN ledger_journalentry e ON e.event_key = 'milestone:' || same.milestone_id || ':complete:' || same.sequence
WHERE c.id = same.id AND c.id = ANY(%s)
"""


@dataclass
class Earned:
    """What the earning did: completions, journal entries, and what the books could not take."""

    completions: int = 0
    entries: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def earn_completed(first_account: int, last_account: int, *, on: datetime.date, actor=None) -> Earned:
    """Posts the revenue of everything completed on or before `on` and not yet earned, for the accounts of the range. The
    caller holds their locks. A completion that lacks a sales account waits, and is named in `errors`."""
    with connection.cursor() as cursor:
        cursor.execute(PENDING, [on, first_account, last_account])
        pending = cursor.fetchall()
    ready = [pk for pk, postable, *_ in pending if postable is not False]
    if not ready:
        return Earned(errors=_errors(pending))
    entries = release(UNITS, [ready, ready], actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(MARK, [on, ready])
    return Earned(len(ready), entries, _errors(pending))


def _errors(pending: Sequence[tuple]) -> list[str]:
    cells = Counter((group, product) for _, postable, group, product in pending if postable is False)
    return [f"{n} completions: {MissingAccount(*cell, account='sales')}" for cell, n in sorted(cells.items())]
