from typing import Any

import django_filters
from django.db.models import QuerySet

from opportunities.filters import OfAccount
from pages.filters import FilterSet, SearchFilter
from prepaid.models import PrepaidService


class ServiceFilter(FilterSet):
    """Closed services are hidden unless they are asked for."""

    search = SearchFilter(fields=("number", "description", "account__number", "account__name"))
    account = OfAccount()
    closed = django_filters.ChoiceFilter(
        label="Closed",
        choices=[("closed", "Closed"), ("all", "Open and closed")],
        empty_label="Open only",
        method="of_state",
    )
    accrual = django_filters.ChoiceFilter(choices=PrepaidService.Accrual.choices, label="Accrual", empty_label="Any")
    type = django_filters.ChoiceFilter(choices=PrepaidService.Type.choices, label="Type", empty_label="Any")

    class Meta:
        model = PrepaidService
        fields = ("search", "account", "closed", "accrual", "type", "currency")

    def of_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(closed=True) if value == "closed" else queryset

    def filter_queryset(self, queryset: QuerySet) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("closed") else found.filter(closed=False)
