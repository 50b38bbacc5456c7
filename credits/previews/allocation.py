"""Allocating and adjusting, run and described for the preview panel and the receipt."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Max, QuerySet

from credits.models import Milestone
from credits.services.allocate import adjust, lock_milestone
from ledger.dates import business_date
from pages import formats
from pages.preview import Change, Link, Preview


def set_total(milestone: Milestone, *, total: int, actor) -> Preview:
    """Allocates or adjusts, and tells lot by lot what changed."""
    before = lock_milestone(milestone)
    seen = before.consumptions.aggregate(last=Max("id"))["last"] or 0
    adjust(before, total=total, actor=actor)
    after = Milestone.objects.select_related("project__currency").get(pk=milestone.pk)
    written = before.consumptions.filter(pk__gt=seen).select_related("purchase").order_by("id")
    return Preview(
        changes=[*_lot_changes(written), *_milestone_changes(before, after)],
        warnings=_warnings(before, total, written),
        confirm_label=_confirm_label(total - before.credits_allocated, first=not seen),
        made=[Link("Consumptions of the milestone", f"{milestone.get_absolute_url()}?tab=consumptions")],
    )


def _lot_changes(written: QuerySet[Any]) -> Iterable[Change]:
    for row in written:
        lot, left = row.purchase, row.purchase.credits_available
        yield Change(
            label=lot.number,
            before=f"{formats.number(left + row.credits)} available",
            after=f"{formats.number(left)} available",
            note=f"{_drawn_or_given_back(row.credits)}, expires {formats.day(lot.expires_on)}",
            url=lot.get_absolute_url(),
        )


def _drawn_or_given_back(credits: int) -> str:
    return f"{formats.number(credits)} drawn" if credits > 0 else f"{formats.number(-credits)} given back"


def _milestone_changes(before: Milestone, after: Milestone) -> Iterable[Change]:
    if before.credits_allocated != after.credits_allocated:
        counts = (formats.number(each.credits_allocated) for each in (before, after))
        yield Change(f"Allocated to {after.number}", *counts)
    if before.amount != after.amount:
        yield Change("Milestone amount", *(_amount(each, after.project.currency) for each in (before, after)))


def _amount(milestone: Milestone, currency) -> str:
    return formats.money(milestone.amount, currency) if milestone.amount is not None else ""


def _warnings(before: Milestone, total: int, written: QuerySet[Any]) -> list[str]:
    today = business_date()
    lost = [row for row in written if row.credits < 0 and row.purchase.expires_on < today]
    warnings = [
        f"{formats.number(-row.credits)} credits go back to {row.purchase}, which was usable to "
        f"{formats.day(row.purchase.expires_on)}: they expire in the next night after its days of grace."
        for row in lost
    ]
    needed = before.credits_needed or 0
    if total == before.credits_allocated:
        warnings.append(f"{formats.number(total)} credits are allocated already. Enter another total to change that.")
    elif total not in (0, needed):
        warnings.append(
            f"The milestone needs {formats.number(needed)} credits: with {formats.number(total)} it needs adjusting and "
            "cannot be completed."
        )
    return warnings


def _confirm_label(change: int, *, first: bool) -> str:
    if not change:
        return "Leave as it is"
    if change < 0:
        return f"Give back {formats.number(-change)} credits"
    return f"Allocate {formats.number(change)} {'' if first else 'more '}credits"
