"""Manual entries, read from outside: the list, the people behind one, the names of its dimensions, who waits for whom."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.db.models import OuterRef, QuerySet, Subquery, Sum

from ledger.fields import AmountField
from ledger.models import Dimension, ManualEntry, ManualEntryLine
from ledger.reports.company import with_company

PEOPLE = ("created_by", "submitted_by", "approved_by", "entry__created_by")


def manual_entries() -> QuerySet[ManualEntry]:
    """Every manual entry with what a row of the list shows of it, the newest first; `amount` is what its lines debit."""
    lines = ManualEntryLine.objects.filter(manual_entry=OuterRef("pk")).order_by().values("manual_entry")
    amount = Subquery(lines.annotate(sum=Sum("debit")).values("sum"), output_field=AmountField())
    related = ManualEntry.objects.select_related("currency", "entry__reversed_by__created_by", *PEOPLE)
    return with_company(related).annotate(amount=amount).order_by("-id")


def waiting_for_approval_of(user) -> QuerySet[ManualEntry]:
    """What others have submitted, the oldest first."""
    submitted = manual_entries().filter(state=ManualEntry.State.SUBMITTED)
    return submitted.exclude(makers__contains=[user.pk]).order_by("submitted_at")


def waiting_for_posting() -> QuerySet[ManualEntry]:
    """What is approved, the oldest first."""
    return manual_entries().filter(state=ManualEntry.State.APPROVED).order_by("approved_at")


def makers_of(entry: ManualEntry) -> list:
    """Whoever drafted, edited or submitted it, in the order in which they did."""
    people = get_user_model().objects.in_bulk(entry.makers)
    return [people[pk] for pk in entry.makers if pk in people]


def dimension_names(lines: Iterable) -> dict[tuple[str, str], str]:
    """(dimension, value) -> "Department: Sales", for lines with dimensions; no query where there are none."""
    if not any(line.dimensions for line in lines):
        return {}
    dimensions = Dimension.objects.prefetch_related("values")
    return {
        (dimension.pk, value.code): f"{dimension.name}: {value.name}"
        for dimension in dimensions
        for value in dimension.values.all()
    }


def manual_sources(keys: list[str]) -> dict[str, tuple[str, str]]:
    """The manual entry behind each event (`manual:17`, `manual:17:reverse`)."""
    ids = {key: int(key.split(":")[1]) for key in keys}
    found = ManualEntry.objects.in_bulk(set(ids.values()))
    return {key: (str(found[pk]), found[pk].get_absolute_url()) for key, pk in ids.items() if pk in found}
