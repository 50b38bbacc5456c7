"""Breakage estimates, read from outside: which are in force, and what the night will recognise because of one."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Q, QuerySet, Value, When

from credits.models import BreakageEstimate
from credits.services.expected_breakage import BEHIND

PROPOSED, LATER, IN_FORCE, REPLACED = "proposed", "later", "in_force", "replaced"
STATES = {PROPOSED: "Proposed", LATER: "In force later", IN_FORCE: "In force", REPLACED: "Replaced"}
ALL_ACCOUNTS = {"first": 0, "last": 2**63 - 1}

# Of one product group, by what it is posted on: lots, and what is recognised ahead, or taken back where it is below zero.
COMING = f"""
SELECT lots.deferral_account_id, deferral.name, g.breakage_id, breakage.name, c.code, c.decimals, count(*),
       coalesce(sum(b.more), 0), coalesce(sum(b.more_lcy), 0)
FROM ({BEHIND}) b
JOIN credits_purchase lots ON lots.id = b.id
JOIN ledger_currency c ON c.code = lots.currency_id
JOIN ledger_ledgeraccount deferral ON deferral.code = lots.deferral_account_id
LEFT JOIN ledger_postingsetup g
    ON g.business_group_id = b.business_group_id AND g.product_group_id = b.product_group_id
LEFT JOIN ledger_ledgeraccount breakage ON breakage.code = g.breakage_id
WHERE b.cause IS NULL AND b.product_group_id = %(group)s
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 5, 1, 3
"""

REFUSED = f"""
SELECT count(*), business_group_id, product_group_id, cause, detail FROM ({BEHIND}) b
WHERE b.cause IS NOT NULL AND b.product_group_id = %(group)s GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
"""


@dataclass(frozen=True)
class Coming:
    """What the night posts from one deferral account to one breakage account in one currency; the other way below zero."""

    deferral: str
    deferral_name: str
    breakage: str | None
    breakage_name: str | None
    currency: str
    decimals: int
    lots: int
    amount: Decimal
    amount_lcy: Decimal


def estimates(on: datetime.date) -> QuerySet[BreakageEstimate]:
    """All of them with their `state` on that day, by group, the latest first."""
    in_force = BreakageEstimate.objects.in_force(on).values("pk")
    state = Case(
        When(approved_by=None, then=Value(PROPOSED)),
        When(effective_on__gt=on, then=Value(LATER)),
        When(Q(pk__in=in_force), then=Value(IN_FORCE)),
        default=Value(REPLACED),
        output_field=CharField(),
    )
    related = BreakageEstimate.objects.select_related("product_group", "proposed_by", "approved_by")
    return related.annotate(state=state).order_by("product_group_id", "-effective_on", "-id")


def coming(estimate: BreakageEstimate, on: datetime.date) -> list[Coming]:
    """What the night of `on` posts for the lots of its group, as things stand. Read in one statement, and not written."""
    return [Coming(*row) for row in _read(COMING, estimate, on)]


def refused(estimate: BreakageEstimate, on: datetime.date) -> list[tuple[Any, ...]]:
    """How many lots of its group the books cannot take, and why."""
    return _read(REFUSED, estimate, on)


def _read(sql: str, estimate: BreakageEstimate, on: datetime.date) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**ALL_ACCOUNTS, "on": on, "group": estimate.product_group_id})
        return cursor.fetchall()
