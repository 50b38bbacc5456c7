"""Expiry of what is left of a purchase: by hand for one or many, by night for all.

Exactly what is available lapses; allocated credits stay. Books (rules 8 to 8c): deferred revenue to breakage, or to unclaimed
property where the customer keeps a claim on it, effective on the day after expiry and grace, or on the day that made the
credits available if that was later.
"""

import datetime
from dataclasses import dataclass, field

from django.db import connection, transaction

from credits.exceptions import NothingToExpire
from credits.models import CreditsSetup, Purchase
from credits.services import obstacles
from credits.services.purchases import lock_purchase
from credits.services.release import release
from ledger.dates import business_date
from pages import formats
from pages.refusals import Refused

# What lapses on %(on)s: past expiry and grace, with credits left; `cause` and `detail`: what keeps the books from taking it.
DUE = """
SELECT p.id, p.number, p.account_id, p.currency_id, p.credits_available, p.value_per_credit, p.amount_paid_per_credit,
       p.business_group_id, p.product_group_id,
       {effective} AS effective_on,
       'credits-expiry:' || p.id || ':' || p.expires_on || ':' || coalesce(given_back.expiries, 0) AS event_key,
       found.cause, about.detail
FROM credits_purchase p
LEFT JOIN LATERAL (
    SELECT max(consumed_on) FILTER (WHERE c.credits < 0) AS last_on,
           count(*) FILTER (WHERE c.consumption_type = 'expiry' AND c.credits > 0) AS expiries
    FROM credits_consumption c WHERE c.purchase_id = p.id
) given_back ON true
{obstacles}
WHERE NOT p.draft AND p.credits_available > 0 AND p.expires_on + %(grace)s {before} %(on)s::date AND {scope}
"""

EFFECTIVE = "greatest(least(p.expires_on + %(grace)s + 1, %(on)s::date), p.purchased_on, given_back.last_on)"

EXPIRE = """
WITH due AS MATERIALIZED (SELECT * FROM ({due}) d WHERE cause IS NULL ORDER BY id),
locked AS MATERIALIZED (SELECT p.id FROM credits_purchase p WHERE p.id IN (SELECT id FROM due) ORDER BY p.id FOR UPDATE),
allocations AS (
    INSERT INTO credits_allocation (event_key, allocation_type, account_id, currency_id, allocated_on, created_by_id)
    SELECT event_key, 'expiry', account_id, currency_id, effective_on, %(actor)s FROM due JOIN locked USING (id)
    RETURNING id, event_key
),
consumptions AS (
    INSERT INTO credits_consumption (allocation_id, consumption_type, account_id, purchase_id, currency_id, credits,
                                     value_per_credit, amount_paid_per_credit, consumed_on, created_by_id)
    SELECT a.id, 'expiry', account_id, due.id, currency_id, credits_available,
           value_per_credit, amount_paid_per_credit, effective_on, %(actor)s
    FROM due JOIN allocations a USING (event_key)
    RETURNING id, credits
)
SELECT coalesce(array_agg(id), '{{}}'), coalesce(sum(credits), 0) FROM consumptions
"""

UNPOSTABLE = """
SELECT count(*), business_group_id, product_group_id, cause, detail FROM ({due}) d WHERE cause IS NOT NULL
GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
"""

UNITS = """
SELECT a.event_key, 'expiry', c.consumed_on, p.number || ': ' || c.credits || ' services credits expired', c.id, p.id,
       c.credits, 'expired', NULL::bigint
FROM credits_consumption c
JOIN credits_allocation a ON a.id = c.allocation_id
JOIN credits_purchase p ON p.id = c.purchase_id
WHERE c.id = ANY(%s)
"""


@dataclass
class Expired:
    """What an expiry did: lots and credits that lapsed, journal entries; how many lots the books could not take, and why."""

    lots: int = 0
    credits: int = 0
    entries: list[int] = field(default_factory=list)
    refusals: list[tuple[int, Refused]] = field(default_factory=list)


def expire_due(scope: str, params: dict, *, on: datetime.date, by_hand: bool = False, actor=None) -> Expired:
    """Expires what is due on `on` among the purchases `p` that fulfil `scope`. The caller holds their accounts' locks.

    Lots that the books cannot take, because a cell of the posting setup is empty or an account blocked, are left as they
    are and named in `refusals`, so that one of them does not stop a night.
    """
    params = {**params, "on": on, "grace": grace_days(), "actor": actor and actor.pk}
    due = due_sql(scope, by_hand=by_hand)
    with connection.cursor() as cursor:
        cursor.execute(UNPOSTABLE.format(due=due), params)
        refusals = [(lots, obstacles.refusal(*cell)) for lots, *cell in cursor.fetchall()]
        cursor.execute(EXPIRE.format(due=due), params)
        consumption_ids, credits = cursor.fetchone()
    entries = release(UNITS, [consumption_ids], actor=actor) if consumption_ids else []
    return Expired(len(consumption_ids), int(credits), entries, refusals)


def due_sql(scope: str, *, by_hand: bool = False) -> str:
    """The SELECT of what is due among the purchases `p` that fulfil `scope`; takes `on` and `grace`."""
    found = obstacles.joins("breakage", effective=EFFECTIVE, poster="%(actor)s::bigint")
    return DUE.format(before="<=" if by_hand else "<", scope=scope, effective=EFFECTIVE, obstacles=found)


@transaction.atomic
def expire_purchase(purchase: Purchase, *, actor, on: datetime.date | None = None) -> Expired:
    """Expires what is left of one purchase, from the last usable day (with its grace) on.

    Books: rule 8. Refused (NothingToExpire): a draft, nothing available, or too early; MissingAccount, BlockedAccount.
    """
    purchase, on = lock_purchase(purchase), on or business_date()
    if refusal := refusal_to_expire(purchase, on):
        raise refusal
    expired = expire_due("p.id = %(purchase)s", {"purchase": purchase.pk}, on=on, by_hand=True, actor=actor)
    if expired.refusals:
        raise expired.refusals[0][1]
    return expired


def refusal_to_expire(purchase: Purchase, on: datetime.date) -> Refused | None:
    """Why nothing of the purchase can be expired by hand on the day `on`."""
    return refusal_on(purchase, on, grace_days())


def refusal_on(purchase: Purchase, on: datetime.date, grace: int) -> Refused | None:
    """The same, for many purchases, with the days of grace that the setup gives."""
    if purchase.draft or purchase.expires_on is None:
        return NothingToExpire(f"{purchase} is a draft: nothing of it can expire.")
    if not purchase.credits_available:
        return NothingToExpire(f"{purchase} has no credits left: all are allocated, refunded or expired already.")
    first = purchase.expires_on + datetime.timedelta(days=grace)
    if on < first:
        usable = f"{purchase} is usable to {formats.day(purchase.expires_on)}"
        return NothingToExpire(f"{usable}: it can expire from {formats.day(first)} on, not on {formats.day(on)}.")
    return None


def grace_days() -> int:
    """Days after the expiry date before the night expires what is left."""
    return CreditsSetup.objects.values_list("grace_period_days", flat=True).first() or 0
