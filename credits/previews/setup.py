"""A change of the settings, run and described: from what to what, and whom it reaches."""

import datetime
from collections.abc import Iterable

from django.db.models import Sum

from credits.models import CreditsSetup, Milestone, Purchase
from credits.reports.settings import every
from credits.services.setup import Settings, change_setup
from pages import formats
from pages.preview import Change, Preview

LATER = {
    "product_group": "purchases that exist keep their group",
    "sync_paid_with_value": "purchases that exist keep what was paid",
    "new_purchases_are_drafts": "purchases that exist stay as they are",
    "milestone_amount_from": "milestones keep their amount until their credits are adjusted",
    "recognise_revenue": "milestones that were allocated before stay with what the setup said then",
}


def change_and_describe(settings: Settings, *, actor, on: datetime.date) -> Preview:
    """Changes the setup, and tells setting by setting what becomes different, and for how many on the day `on`."""
    before = CreditsSetup.current()
    after = change_setup(settings, actor=actor)
    changes = [
        Change(now.label, then.value, now.value, note="; ".join(reaches(now.field, before, after, on)))
        for then, now in zip(every(before), every(after), strict=True)
        if then.value != now.value
    ]
    return Preview(changes=changes, confirm_label="Save the settings")


def reaches(field: str, before: CreditsSetup, after: CreditsSetup, on: datetime.date) -> list[str]:
    """What a changed setting does to what is there."""
    match field:
        case "statuses_without_allocation":
            return _statuses(before, after)
        case "allocate_past_expiry":
            credits = formats.counted(past_expiry_credits(on), "credits")
            return [f"{credits} past expiry can {'now' if after.allocate_past_expiry else 'no longer'} be allocated"]
        case "grace_period_days":
            shift = in_grace(after, on) - in_grace(before, on)
            return _moved(shift, "past expiry will be in grace again", "past expiry will not be in grace any more")
        case "expiring_soon_days":
            shift = expiring_soon(after, on) - expiring_soon(before, on)
            return _moved(shift, "will count as expiring soon", "will no longer count as expiring soon")
    return [LATER[field]] if field in LATER else []


def past_expiry_credits(on: datetime.date) -> int:
    left = Purchase.objects.with_credits_left().filter(expires_on__lt=on)
    return left.aggregate(credits=Sum("credits_available", default=0))["credits"]


def in_grace(setup: CreditsSetup, on: datetime.date) -> int:
    first = on - datetime.timedelta(days=setup.grace_period_days)
    return Purchase.objects.with_credits_left().filter(expires_on__lt=on, expires_on__gte=first).count()


def expiring_soon(setup: CreditsSetup, on: datetime.date) -> int:
    return Purchase.objects.expiring_soon(on, setup.expiring_soon_days).count()


def unallocated(statuses: Iterable[str]) -> int:
    """Open milestones in these statuses that need credits and have none."""
    open_ones = Milestone.objects.filter(actual_on=None, credits_needed__isnull=False, credits_allocated=0)
    return open_ones.filter(status__in=statuses).count()


def _statuses(before: CreditsSetup, after: CreditsSetup) -> list[str]:
    then, now = set(before.statuses_without_allocation), set(after.statuses_without_allocation)
    moves = ((unallocated(now - then), "stop"), (unallocated(then - now), "start"))
    return [
        f"{formats.counted(count, 'milestones')} without allocation will {way} waiting" for count, way in moves if count
    ]


def _moved(shift: int, more: str, less: str) -> list[str]:
    return [f"{formats.counted(abs(shift), 'purchases')} {more if shift > 0 else less}"] if shift else []
