import django_filters

from credits.models import Allocation, Consumption
from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, SearchFilter


class ConsumptionFilter(FilterSet):
    search = SearchFilter(
        fields=("allocation__number", "purchase__number", "milestone__number", "milestone__name", "account__name")
    )
    consumption_type = django_filters.ChoiceFilter(choices=Consumption.Type.choices, label="Type", empty_label="Any")
    consumed_on = DayRangeFilter(label="Date")
    account = OfAccount()
    purchase = django_filters.CharFilter(label="Purchase", field_name="purchase__number", lookup_expr="iexact")
    allocation = django_filters.CharFilter(label="Allocation", field_name="allocation__number", lookup_expr="iexact")
    milestone = django_filters.CharFilter(label="Milestone", field_name="milestone__number", lookup_expr="iexact")

    class Meta:
        model = Consumption
        fields = (
            "search", "consumption_type", "consumed_on", "account", "currency", "purchase", "allocation", "milestone",
        )  # fmt: skip


class AllocationFilter(FilterSet):
    search = SearchFilter(fields=("number", "milestone__number", "milestone__name", "account__number", "account__name"))
    allocation_type = django_filters.ChoiceFilter(choices=Allocation.Type.choices, label="Type", empty_label="Any")
    allocated_on = DayRangeFilter(label="Date")
    account = OfAccount()

    class Meta:
        model = Allocation
        fields = ("search", "allocation_type", "allocated_on", "account", "currency")
