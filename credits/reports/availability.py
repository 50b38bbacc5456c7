"""Which credits can pay for a project on a day, and why others cannot."""

import datetime

from django.db.models import Q, QuerySet, Sum

from credits.exceptions import HeldBack
from credits.models import Purchase
from opportunities.models import Project


def candidates(project: Project, on: datetime.date) -> QuerySet[Purchase]:
    """The lots that an allocation of the day `on` draws from, in drawing order."""
    lots = Purchase.objects.filter(account=project.account_id, currency=project.currency_id)
    return lots.available(on).in_drawing_order()


def reasons(project: Project, on: datetime.date) -> dict[str, Q]:
    """Why credits of the account are held back from the project on the day `on`: each lot falls under one reason."""
    other = ~Q(currency=project.currency_id)
    confirmed = Q(draft=False) & ~other
    return {
        "in another currency": other,
        "in drafts": Q(draft=True) & ~other,
        "not started": confirmed & Q(starts_on__gt=on),
        "past expiry": confirmed & Q(starts_on__lte=on, expires_on__lt=on),
    }


def held_back(project: Project, on: datetime.date) -> list[HeldBack]:
    """The credits of the account that cannot be used, summed by reason; reasons without credits are left out."""
    lots = Purchase.objects.filter(account=project.account_id, credits_available__gt=0)
    sums = lots.aggregate(
        **{f"r{place}": Sum("credits_available", filter=why) for place, why in enumerate(reasons(project, on).values())}
    )
    return [
        HeldBack(reason, credits)
        for reason, credits in zip(reasons(project, on), sums.values(), strict=True)
        if credits
    ]
