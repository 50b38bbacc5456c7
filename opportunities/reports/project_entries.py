"""The time and material of projects: what of it is billed, and what is still to be billed."""

from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Round

from ledger.fields import AmountField
from ledger.money import ZERO
from opportunities.models import Project, ProjectEntry
from opportunities.reports.usage import users_of, using


def project_entries() -> QuerySet[Any]:
    """The latest first, each with `amount`, net as its invoice will say, and `billed`: whether an upper app refers to it.
    Nothing here knows those apps."""
    entries = ProjectEntry.objects.select_related("product", "project__account", "project__currency")
    decimals: Any = F("project__currency__decimals")
    amount = Round(F("quantity") * F("unit_price"), precision=decimals, output_field=AmountField())
    return entries.annotate(billed=_billed(), amount=amount)


def unbilled(project: Project) -> QuerySet[Any]:
    return project_entries().filter(project=project, billed=False)


def unbilled_total(project: Project) -> Decimal:
    """What is to be billed, net: the sum of what each entry comes to, rounded once each."""
    return unbilled(project).aggregate(total=Sum("amount"))["total"] or ZERO


def bills_of(entries: Iterable[ProjectEntry]) -> dict[int, str]:
    """What bills each of them, in words. One query for each upper app."""
    return {pk: ", ".join(names) for pk, names in users_of(ProjectEntry, [entry.pk for entry in entries]).items()}


def _billed() -> Any:
    bills = [
        Exists(using(relation.related_model).filter(**{relation.field.name: OuterRef("pk")}))
        for relation in ProjectEntry._meta.related_objects
    ]
    return reduce(or_, bills) if bills else Value(False)
