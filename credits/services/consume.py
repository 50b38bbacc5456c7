"""Writing what an allocation draws and gives back: the consumptions of a milestone, its amount, and what they recognise.

Books: none (rule 5); or, where the setup said so when the milestone was first allocated, revenue on allocation: per lot
what was paid for the credits drawn, from deferred revenue to revenue, effective on the day of the allocation. What is given
back takes its stored share with it, cut cumulatively.
"""

import datetime
from collections.abc import Sequence

from django.db import connection
from django.db.models import Sum

from credits.drawing import Draw
from credits.models import Allocation, Consumption, CreditsSetup, Milestone
from credits.models.setup import AmountFrom, Recognition
from credits.services import obstacles
from credits.services.release import release

UNITS = """
SELECT %s, CASE WHEN c.credits > 0 THEN 'allocation' ELSE 'deallocation' END, c.consumed_on,
       m.number || ' ' || left(m.name, 150) || CASE WHEN c.credits > 0 THEN ' allocated' ELSE ' given back' END,
       c.id, c.purchase_id, c.credits, 'consumed', c.milestone_id
FROM credits_consumption c JOIN credits_milestone m ON m.id = c.milestone_id
WHERE c.id = ANY(%s)
"""

HINDERED = f"""
SELECT p.business_group_id, p.product_group_id, found.cause, about.detail
FROM credits_purchase p
{obstacles.joins("sales", effective="%s::date", poster="%s::bigint")}
WHERE p.id = ANY(%s) AND found.cause IS NOT NULL ORDER BY p.id LIMIT 1
"""


def consume(milestone: Milestone, draws: Sequence[Draw], *, actor, on: datetime.date) -> Allocation:
    """Writes the draws as consumptions of the milestone, whose locks the caller holds, and sets its amount as the setup says.
    Refused, where revenue is recognised on allocation: what the books cannot take (MissingAccount, BlockedAccount,
    BlockedCombination, PostingNotAllowed)."""
    setup = CreditsSetup.current()
    earlier = Allocation.objects.filter(milestone=milestone).first()
    allocation = earlier or _new(milestone, setup, actor=actor, on=on)
    rows = _rows(milestone, allocation, draws, first=earlier is None, actor=actor, on=on)
    if allocation.recognise == Recognition.ALLOCATION:
        _recognise(milestone, rows, actor=actor, on=on)
    _set_amount(milestone, AmountFrom(setup.milestone_amount_from))
    return allocation


def _new(milestone: Milestone, setup: CreditsSetup, *, actor, on: datetime.date) -> Allocation:
    project = milestone.project
    return Allocation.objects.create(
        event_key=f"credits-allocation:{milestone.pk}",
        allocation_type=Allocation.Type.ALLOCATION,
        account=project.account,
        currency=project.currency,
        milestone=milestone,
        allocated_on=on,
        recognise=setup.recognise_revenue,
        created_by=actor,
    )


def _rows(
    milestone: Milestone, allocation: Allocation, draws: Sequence[Draw], *, first: bool, actor, on: datetime.date
) -> list[Consumption]:
    return Consumption.objects.bulk_create(
        Consumption(
            allocation=allocation,
            consumption_type=Consumption.Type.CONSUMPTION if first else Consumption.Type.ADJUSTMENT,
            account=milestone.project.account,
            milestone=milestone,
            purchase=d.purchase,
            currency=milestone.project.currency,
            credits=d.credits,
            value_per_credit=d.purchase.value_per_credit,
            amount_paid_per_credit=d.purchase.amount_paid_per_credit,
            consumed_on=on,
            created_by=actor,
        )
        for d in draws
    )


def _recognise(milestone: Milestone, rows: list[Consumption], *, actor, on: datetime.date) -> None:
    """What is given back first: both in one go, by hand, are two events."""
    with connection.cursor() as cursor:
        cursor.execute(HINDERED, [on, actor and actor.pk, [row.purchase_id for row in rows]])
        if hindered := cursor.fetchone():
            raise obstacles.refusal(*hindered)
    for ids in ([row.pk for row in rows if row.credits < 0], [row.pk for row in rows if row.credits > 0]):
        if ids:
            number = milestone.releases.values("event_key").distinct().count() + 1
            release(UNITS, [f"milestone:{milestone.pk}:allocate:{number}", ids], actor=actor)


def _set_amount(milestone: Milestone, source: AmountFrom) -> None:
    if source == AmountFrom.NOTHING:
        return
    milestone.amount = milestone.consumptions.aggregate(amount=Sum(f"{source.value}_amount"))["amount"]
    milestone.save(update_fields=["amount"])
