"""Releasing contract deferrals and taking a release back, run and described: the parts by contract and month, what is posted,
and what the books cannot take."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from ledger.previews.postings import PostingTotals, posting_lines
from ledger.services.posting import recording
from pages import formats
from pages.formats import Cur
from pages.preview import LONGEST, Change, LeftOut, Link, PostingLine, Preview, shortened
from prepaid.models import CustomerContract, DeferralLine, ReleaseRun
from prepaid.previews.posted import posted_sum
from prepaid.services.contracts.release import release_deferrals, undo_release

FEW = 20  # journal entries whose lines a person would read one by one
WAITED, RELEASED = "waited", "released"
CURRENCY = ("deferral__currency__code", "deferral__currency__decimals")
CONTRACT = ("deferral__contract__number", "deferral__contract", "deferral__account__name")


def release_and_describe(
    *, until: datetime.date, contract: CustomerContract | None, actor
) -> tuple[ReleaseRun | None, Preview]:
    with recording() as entries:
        done = release_deferrals(until=until, contracts=[contract.pk] if contract else None, actor=actor)
    postings = _postings(entries)
    preview = Preview(
        changes=_changes(DeferralLine.objects.filter(run=done.run), WAITED, RELEASED),
        postings=postings,
        left_out=[LeftOut(f"{formats.counted(count, 'parts')} stay", str(why)) for count, why in done.refusals],
        confirm_label=_label("Release", done.parts, postings),
        made=[Link(f"Release run {done.run}", done.run.get_absolute_url())] if done.run else [],
    )
    return done.run, shortened(preview)


def undo_release_and_describe(run: ReleaseRun, *, reason: str, actor) -> Preview:
    changes = _changes(DeferralLine.objects.filter(run=run, closed_by=None), RELEASED, "waits again")
    stay = DeferralLine.objects.filter(run=run, closed_by__isnull=False).count()
    with recording() as entries:
        count = undo_release(run, reason=reason, actor=actor)
    postings = _postings(entries)
    return shortened(
        Preview(
            changes=changes,
            postings=postings,
            left_out=[LeftOut(f"{formats.counted(stay, 'parts')} stay", "a credit memo took them back since")]
            if stay
            else [],
            confirm_label=_label("Take back", count, postings),
        )
    )


def _changes(parts, before: str, after: str) -> list[Change]:
    """By contract and month, or for more than a person would read by month."""
    by = parts.order_by().annotate(month=TruncMonth("starts_on"))
    rows = _summed(by, *CONTRACT, order=("deferral__contract__number", "month"))
    if len(rows) > LONGEST:
        rows = _summed(by, order=("month",))
    return [_change(row, before, after) for row in rows]


def _summed(parts, *keys: str, order: Iterable[str]) -> list[dict[str, Any]]:
    rows = parts.values(*keys, "month", *CURRENCY).annotate(amount=Sum("amount"), count=Count("pk"))
    return list(rows.order_by(*order, CURRENCY[0]))


def _change(row: dict[str, Any], before: str, after: str) -> Change:
    amount = formats.money(row["amount"], Cur(row[CURRENCY[0]], row[CURRENCY[1]]))
    month = f"{row['month']:%b %Y}"
    count = formats.counted(row["count"], "parts")
    number = row.get(CONTRACT[0])
    label = f"{number}, {month}" if number else month
    note = f"{row[CONTRACT[2]]}; {count}" if number else count
    return Change(label, before.capitalize(), f"{amount} {after}", note)


def _postings(entries: list[int]) -> list[PostingLine]:
    if len(entries) <= FEW:
        return posting_lines(entries)
    totals = PostingTotals()
    totals.add(entries)
    return totals.lines()


def _label(verb: str, count: int, postings: list[PostingLine]) -> str:
    posted = posted_sum(postings)
    return f"{verb} {formats.counted(count, 'parts')}{f', post {posted}' if posted else ''}"
