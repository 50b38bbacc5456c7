from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter
from prepaid.models import PrepaidEntry

YES = [("yes", "Yes")]


class EntryFilter(FilterSet):
    search = SearchFilter(fields=("service__number", "service__description", "document_no", "reason"))
    service = NumberedFilter(label="Prepaid service", field_name="service__number")
    entry_type = django_filters.ChoiceFilter(choices=PrepaidEntry.Type.choices, label="Type", empty_label="Any")
    posted_on = DayRangeFilter(label="Posting date")
    account = OfAccount(field_name="service__account")
    document_type = django_filters.ChoiceFilter(
        choices=PrepaidEntry.DocumentType.choices, label="Document type", empty_label="Any"
    )
    valid_until = DayRangeFilter(label="Valid until")
    left = django_filters.ChoiceFilter(label="With something left", choices=YES, method="with_left", empty_label="Any")
    usage = django_filters.ChoiceFilter(
        label="Usage and what came back", choices=YES, method="of_usage", empty_label="Any"
    )
    deferred = django_filters.ChoiceFilter(
        label="On a deferral account", choices=YES, method="on_deferral", empty_label="Any"
    )

    class Meta:
        model = PrepaidEntry
        fields = (
            "search", "service", "entry_type", "posted_on", "account", "document_type", "valid_until", "product_group",
            "currency", "left", "usage", "deferred",
        )  # fmt: skip

    def with_left(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return (
            queryset.filter(Q(balance__remaining__gt=0) | Q(balance__remaining_quantity__gt=0)) if value else queryset
        )

    def of_usage(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.used() if value else queryset

    def on_deferral(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(deferral_account__isnull=False) if value else queryset
