from typing import Any

import django_filters
from django.db.models import QuerySet

from pages.filters import DayRangeFilter, FilterSet
from prepaid.models import BillingRun, ReleaseRun

BY = [("night", "The night"), ("hand", "Somebody")]


class BillingRunFilter(FilterSet):
    posted_on = DayRangeFilter(label="Posting date")
    by = django_filters.ChoiceFilter(label="Made by", choices=BY, empty_label="Any", method="made_by")
    waiting = django_filters.ChoiceFilter(
        label="Invoices to be posted", choices=[("yes", "Yes")], empty_label="Any", method="with_drafts"
    )

    class Meta:
        model = BillingRun
        fields = ("posted_on", "by", "waiting")

    def made_by(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(by_night=value == "night")

    def with_drafts(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(unposted_count__gt=0) if value else queryset


class ReleaseRunFilter(FilterSet):
    released_until = DayRangeFilter(label="Released up to")
    by = django_filters.ChoiceFilter(label="Made by", choices=BY, empty_label="Any", method="made_by")
    state = django_filters.ChoiceFilter(
        label="State",
        choices=[("stands", "Stands"), ("undone", "Taken back")],
        empty_label="Any",
        method="of_state",
    )

    class Meta:
        model = ReleaseRun
        fields = ("released_until", "by", "state")

    def made_by(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(by_night=value == "night")

    def of_state(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.filter(undone_at__isnull=value == "stands")
