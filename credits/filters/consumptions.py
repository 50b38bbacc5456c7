import django_filters

from credits.models import Allocation, Consumption
from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter


class ConsumptionFilter(FilterSet):
    search = SearchFilter(
        fields=("allocation__number", "purchase__number", "milestone__number", "milestone__name", "account__name")
    )
    consumption_type = django_filters.ChoiceFilter(choices=Consumption.Type.choices, label="Type", empty_label="Any")
    consumed_on = DayRangeFilter(label="Date")
    account = OfAccount()
    purchase = NumberedFilter(label="Purchase", field_name="purchase__number")
    allocation = NumberedFilter(label="Allocation", field_name="allocation__number")
    milestone = NumberedFilter(label="Milestone", field_name="milestone__number")

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
