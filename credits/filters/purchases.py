from typing import Any

import django_filters
from django.db.models import QuerySet

from credits.models import Purchase
from credits.reports.availability import usable
from credits.reports.lots import CONFIRMED, PAST, STATES
from opportunities.filters import OfAccount
from pages.clock import business_date
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter


class PurchaseFilter(FilterSet):
    search = SearchFilter(fields=("number", "account__number", "account__name", "description"))
    state = django_filters.ChoiceFilter(
        label="State", choices=list(STATES.items()), method="in_state", empty_label="Any"
    )
    expires_on = DayRangeFilter(label="Expires")
    account = OfAccount()
    available = django_filters.ChoiceFilter(
        choices=[("yes", "Available today")], label="Available only", method="only_available", empty_label="Any"
    )
    starts_on = DayRangeFilter(label="Starts")
    opportunity = NumberedFilter(label="Opportunity", field_name="opportunity_line__opportunity__number")

    class Meta:
        model = Purchase
        fields = ("search", "state", "expires_on", "account", "currency", "starts_on", "opportunity", "available")

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Confirmed ones past their expiry are confirmed too."""
        return queryset.filter(state__in=[value, PAST] if value == CONFIRMED else [value])

    def only_available(self, queryset: Any, name: str, value: str) -> QuerySet[Purchase]:
        return queryset.with_credits_left().filter(usable(business_date(self.request))) if value else queryset
