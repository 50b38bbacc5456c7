"""Contract deferrals, read: what of each is released, waits, or was closed by credit memos; and what a release run moved."""

import datetime
from collections.abc import Iterable

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from ledger.fields import AmountField
from ledger.models import JournalEntry
from ledger.money import ZERO
from prepaid.models import ContractDeferral, DeferralLine, ReleaseRun

RELATED = ("contract", "account", "currency", "line__document", "commitment__object")


def deferrals() -> QuerySet[ContractDeferral]:
    return with_parts(ContractDeferral.objects.select_related(*RELATED))


def with_parts(found: QuerySet, month: datetime.date | None = None) -> QuerySet:
    """Each with `released`, `waits` and `credited`: of all its parts, or of those of one calendar month."""
    parts = DeferralLine.objects.filter(deferral=OuterRef("pk"))
    if month is not None:
        parts = parts.filter(starts_on__gte=month.replace(day=1), starts_on__lt=next_month(month))
    return found.annotate(
        released=_sum(parts.released()),
        waits=_sum(parts.open()),
        credited=_sum(parts.filter(closed_by__isnull=False)),
    )


def next_month(day: datetime.date) -> datetime.date:
    return (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)


def _sum(parts: QuerySet[DeferralLine]) -> Coalesce:
    sums = parts.order_by().values("deferral").annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(sums, output_field=AmountField()), Value(ZERO), output_field=AmountField())


def release_runs() -> QuerySet[ReleaseRun]:
    """Each with how many parts it released and what they come to in LCY; one that was taken back has none."""
    parts = DeferralLine.objects.filter(run=OuterRef("pk")).order_by().values("run")
    return ReleaseRun.objects.select_related("created_by", "undone_by").annotate(
        parts=Coalesce(Subquery(parts.annotate(count=Count("pk")).values("count")), 0),
        amount_lcy=Coalesce(
            Subquery(parts.annotate(sum=Sum("amount_lcy")).values("sum"), output_field=AmountField()),
            Value(ZERO),
            output_field=AmountField(),
        ),
    )


def parts_of(deferral: ContractDeferral) -> list[DeferralLine]:
    """In their order, each with `entry`: the journal entry of its release, where it has one."""
    parts = list(deferral.lines.select_related("run", "closed_by__document").order_by("line_no"))
    return with_entries(parts)


def with_entries(parts: Iterable[DeferralLine]) -> list[DeferralLine]:
    parts = list(parts)
    keys = [part.event_key for part in parts if part.run_id]
    entries = {entry.event_key: entry for entry in JournalEntry.objects.filter(event_key__in=keys)}
    for part in parts:
        part.entry = entries.get(part.event_key) if part.run_id else None  # type: ignore[attr-defined]
    return parts


def released_by(run: ReleaseRun) -> QuerySet[DeferralLine]:
    """The parts that the run released, contract by contract; also those that a credit memo took back since."""
    related = ("deferral__contract", "deferral__account", "deferral__currency", "closed_by__document", "run")
    found = DeferralLine.objects.filter(run=run).select_related(*related)
    return found.order_by("deferral__contract__number", "deferral", "line_no")


def entries_of_run(run: ReleaseRun) -> QuerySet[JournalEntry]:
    """What one that was taken back posted, and the mirrors of that."""
    kinds = ("contract_release", "contract_release_undone")
    known = JournalEntry.objects.filter(kind__in=kinds)
    return known.filter(event_key__regex=rf"^contract-release:\d+:{run.pk}(:undone)?$")
