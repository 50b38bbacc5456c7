"""What was drawn, given back and expired: rows that the processes made and no form makes or edits."""

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from credits.filters.consumptions import AllocationFilter, ConsumptionFilter
from credits.models import Allocation, Consumption
from credits.tables.consumptions import AllocationTable, ConsumptionTable
from ledger.fields import AmountField
from pages.elements import Total
from pages.views import ListPage

TOTALS = (
    Total("Credits", "credits", kind="credits"),
    Total("Internal value", "value_amount"),
    Total("Paid", "paid_amount"),
)


class ConsumptionList(ListPage):
    permission_required = "credits.view_consumption"
    title = "Consumptions"
    queryset = Consumption.objects.select_related("allocation", "purchase", "milestone", "account", "currency")
    filterset_class = ConsumptionFilter
    table_class = ConsumptionTable
    empty = "Each row is the part of an allocation that was drawn from one purchase, given back to it, or expired."
    totals = TOTALS


class AllocationList(ListPage):
    permission_required = "credits.view_allocation"
    title = "Allocations"
    filterset_class = AllocationFilter
    table_class = AllocationTable
    empty = "An allocation assigns credits to a milestone; each expiry makes one of its own."
    totals = TOTALS

    def get_queryset(self) -> QuerySet[Allocation]:
        """With the sums of its consumptions as subqueries, which the totals above the list can sum once more."""
        shown = Allocation.objects.select_related("account", "milestone", "currency")
        return shown.annotate(
            credits=Coalesce(summed("credits"), 0, output_field=BigIntegerField()),
            value_amount=Coalesce(summed("value_amount"), 0, output_field=AmountField()),
            paid_amount=Coalesce(summed("paid_amount"), 0, output_field=AmountField()),
        )


def summed(field: str) -> Subquery:
    rows = Consumption.objects.filter(allocation=OuterRef("pk")).order_by().values("allocation")
    return Subquery(rows.annotate(sum=Sum(field)).values("sum"))
