"""Allocating, adjusting and picking by hand, run and described for the preview panel and the receipt."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Max, QuerySet

from credits.models import Milestone
from credits.previews.drawn import drawn_or_given_back, lot_row, warnings_of_lots
from credits.services.allocate import adjust, lock_milestone
from credits.services.pick import allocate_by_hand
from ledger.previews.postings import recorded
from pages import formats
from pages.preview import Change, Link, Preview


def set_total(milestone: Milestone, *, total: int, actor, on: datetime.date | None = None) -> Preview:
    """Allocates or adjusts, and tells lot by lot what changed."""
    return _described(milestone, total, lambda locked: adjust(locked, total=total, actor=actor, on=on))


def pick_and_describe(milestone: Milestone, picks: Mapping[int, int], *, actor, on: datetime.date) -> Preview:
    """Allocates what was picked, and tells lot by lot what changed."""
    total = sum(picks.values())
    return _described(milestone, total, lambda locked: allocate_by_hand(locked, picks, actor=actor, on=on))


def _described(milestone: Milestone, total: int, action: Callable[[Milestone], object]) -> Preview:
    before = lock_milestone(milestone)
    seen = before.consumptions.aggregate(last=Max("id"))["last"] or 0
    _, postings = recorded(lambda: action(before))
    after = Milestone.objects.select_related("project__currency").get(pk=milestone.pk)
    written = before.consumptions.filter(pk__gt=seen).select_related("purchase").order_by("id")
    return Preview(
        changes=[*_lot_changes(written), *_milestone_changes(before, after)],
        postings=postings,
        warnings=[*warnings_of_lots(written), *_warnings(before, total, written)],
        confirm_label=_confirm_label(total - before.credits_allocated, first=not seen, written=bool(written)),
        made=[Link("Consumptions of the milestone", f"{milestone.get_absolute_url()}?tab=consumptions")],
    )


def _lot_changes(written: QuerySet[Any]) -> Iterable[Change]:
    return (lot_row(row.purchase, row.credits, drawn_or_given_back(row.credits)) for row in written)


def _milestone_changes(before: Milestone, after: Milestone) -> Iterable[Change]:
    if before.credits_allocated != after.credits_allocated:
        counts = (formats.number(each.credits_allocated) for each in (before, after))
        yield Change(f"Allocated to {after.number}", *counts)
    if before.amount != after.amount:
        yield Change("Milestone amount", *(_amount(each, after.project.currency) for each in (before, after)))


def _amount(milestone: Milestone, currency) -> str:
    return formats.money(milestone.amount, currency) if milestone.amount is not None else ""


def _warnings(before: Milestone, total: int, written: QuerySet[Any]) -> Iterable[str]:
    needed = before.credits_needed or 0
    if not written:
        yield f"{formats.number(total)} credits are allocated already. Enter another total to change that."
    elif total not in (0, needed):
        yield (
            f"The milestone needs {formats.number(needed)} credits: with {formats.number(total)} it needs adjusting and "
            "cannot be completed."
        )


def _confirm_label(change: int, *, first: bool, written: bool) -> str:
    if not change:
        return "Draw from these lots instead" if written else "Leave as it is"
    if change < 0:
        return f"Give back {formats.number(-change)} credits"
    return f"Allocate {formats.number(change)} {'' if first else 'more '}credits"
