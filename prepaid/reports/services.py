"""Where prepaid services stand: what is left of them, what lapses next, what is deferred."""

import datetime

from django.db.models import DateField, Min, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from ledger.fields import AmountField
from prepaid.models import InflowBalance, PrepaidEntry, PrepaidService


def with_standing(services: QuerySet[PrepaidService], on: datetime.date) -> QuerySet[PrepaidService]:
    """Balances (`with_balances`), and `next_valid_until`: the earliest last day of what is left, past ones as well;
    `deferred` and `deferred_lcy`: what of it stands on a deferral account."""
    left = InflowBalance.objects.left().filter(service=OuterRef("pk")).order_by().values("service")
    earliest = left.annotate(earliest=Min("entry__valid_until")).values("earliest")
    return services.with_balances(on).annotate(  # type: ignore[attr-defined]
        next_valid_until=Subquery(earliest, output_field=DateField()),
        deferred=_deferred(left, "remaining"),
        deferred_lcy=_deferred(left, "remaining_lcy"),
    )


def _deferred(left: QuerySet, column: str) -> Coalesce:
    held = left.filter(entry__deferral_account__isnull=False).annotate(sum=Sum(column)).values("sum")
    return Coalesce(Subquery(held), Value(0), output_field=AmountField())


def lots_of(service: PrepaidService) -> list[str]:
    """The keys of its inflows in the books."""
    return [
        f"prepaid:{pk}" for pk in PrepaidEntry.objects.filter(service=service).inflows().values_list("pk", flat=True)
    ]
