"""Revenue of completed milestones: the night's posting from deferred revenue to revenue.

Books (rule 6): one entry per completion, a pair of lines per lot, effective on the actual date. A milestone earns what was
paid for the credits it drew; free credits earn nothing and are marked as done all the same.
"""

import datetime
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from credits.models import Allocation, Completion
from credits.models.setup import Recognition
from credits.services import obstacles
from credits.services.release import release
from pages.refusals import Refused

# Completions that %s would earn on %s among the accounts from %s to %s, and what keeps the books from taking them: one lot
# of theirs is enough.
PENDING = f"""
SELECT DISTINCT ON (c.id) c.id, d.cause IS NOT NULL, d.business_group_id, d.product_group_id, d.cause, d.detail
FROM credits_completion c
JOIN credits_milestone m ON m.id = c.milestone_id
JOIN opportunities_project j ON j.id = m.project_id
LEFT JOIN LATERAL (
    SELECT p.id, p.business_group_id, p.product_group_id, found.cause, about.detail
    FROM (
        SELECT purchase_id FROM credits_consumption WHERE milestone_id = c.milestone_id
        GROUP BY purchase_id HAVING sum(credits) > 0
    ) held
    JOIN credits_purchase p ON p.id = held.purchase_id
    {obstacles.joins("sales", effective="c.actual_on", poster="%s::bigint")}
) d ON true
WHERE c.earned_on IS NULL AND c.reopened_at IS NULL AND c.actual_on <= %s AND j.account_id BETWEEN %s AND %s
ORDER BY c.id, d.cause IS NULL, d.id
"""

UNITS = """
SELECT 'milestone:' || c.milestone_id || ':complete:' || c.sequence, 'completion', c.actual_on,
       m.number || ' ' || left(m.name, 150) || ' completed',
       row_number() OVER (ORDER BY c.actual_on, c.id, d.purchase_id), d.purchase_id, d.units, 'consumed', c.milestone_id
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
    """What the earning did: completions, journal entries, and how many the books could not take, and why."""

    completions: int = 0
    entries: list[int] = field(default_factory=list)
    refusals: list[tuple[int, Refused]] = field(default_factory=list)


def earn_completed(first_account: int, last_account: int, *, on: datetime.date, actor=None) -> Earned:
    """Posts the revenue of everything completed on or before `on` and not yet earned, for the accounts of the range. The
    caller holds their locks. A completion that the books cannot take waits, and is named in `refusals`."""
    ready, refusals = pending(first_account, last_account, on)
    if not ready:
        return Earned(refusals=refusals)
    entries = release(UNITS, [ready, ready], actor=actor)
    mark_earned(ready, on)
    return Earned(len(ready), entries, refusals)


def earn_now(completion: Completion, *, on: datetime.date, actor) -> None:
    """What completing a milestone posts at once, as its allocation says: all of its revenue; or nothing, where allocating
    its credits has recognised it. Otherwise it waits for the night. The caller holds the locks. Refused: what the books
    cannot take (MissingAccount, BlockedAccount, BlockedCombination, PostingNotAllowed)."""
    allocation = Allocation.objects.filter(milestone=completion.milestone_id).first()
    if allocation is None or allocation.recognise == Recognition.NIGHT:
        return
    if allocation.recognise == Recognition.COMPLETION:
        refuse_unpostable(completion, on, actor)
        release(UNITS, 2 * [[completion.pk]], actor=actor)
    mark_earned([completion.pk], on)


def refuse_unpostable(completion: Completion, on: datetime.date, actor) -> None:
    """Raises what keeps the books from taking the revenue of one completion."""
    account = completion.milestone.project.account_id
    for pk, refusal in found(account, account, on, actor=actor):
        if refusal and pk == completion.pk:
            raise refusal


def mark_earned(completions: list[int], on: datetime.date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK, [on, completions])


def pending(first_account: int, last_account: int, on: datetime.date) -> tuple[list[int], list[tuple[int, Refused]]]:
    """The completions that the night of `on` earns, and how many it cannot, and why."""
    completions = found(first_account, last_account, on)
    waiting = Counter(str(refusal) for _, refusal in completions if refusal)
    refusals = {str(refusal): refusal for _, refusal in completions if refusal}
    ready = [pk for pk, refusal in completions if not refusal]
    return ready, [(waiting[told], refusals[told]) for told in sorted(refusals)]


def found(first_account: int, last_account: int, on: datetime.date, *, actor=None) -> list[tuple[int, Refused | None]]:
    """The completions that wait, each with what keeps the books from taking it."""
    with connection.cursor() as cursor:
        cursor.execute(PENDING, [actor and actor.pk, on, first_account, last_account])
        rows = cursor.fetchall()
    return [(pk, obstacles.refusal(*cell) if hindered else None) for pk, hindered, *cell in rows]
