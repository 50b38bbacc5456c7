"""Filters of instants by the company's days."""

from typing import Any

from django.db.models import QuerySet

from ledger.dates import LAST_DAY, end_of, start_of
from pages.filters import DayRangeFilter


class CompanyDayFilter(DayRangeFilter):
    """From a day to a day of an instant, both included: a day begins and ends in the company's time zone."""

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        if value is not None and value.start is not None:
            queryset = queryset.filter(**{f"{self.field_name}__gte": start_of(min(value.start.date(), LAST_DAY))})
        if value is not None and value.stop is not None:
            queryset = queryset.filter(**{f"{self.field_name}__lt": end_of(value.stop.date())})
        return queryset
