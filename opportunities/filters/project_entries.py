from typing import Any

import django_filters
from django.db.models import QuerySet

from opportunities.filters.accounts import ByNumberOrName, OfAccount
from opportunities.models import ProjectEntry
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter

BILLED = [("no", "To be billed"), ("yes", "Billed")]


class ProjectEntryFilter(FilterSet):
    search = SearchFilter(fields=("description", "product__code", "product__name", "project__name"))
    billed = django_filters.ChoiceFilter(choices=BILLED, method="is_billed", label="Billed", empty_label="Any")
    worked_on = DayRangeFilter(label="Date")
    project = ByNumberOrName(field_name="project", label="Project")
    account = OfAccount(field_name="project__account")
    currency = NumberedFilter(field_name="project__currency", label="Currency")

    class Meta:
        model = ProjectEntry
        fields = ("search", "billed", "worked_on", "project", "account", "kind", "currency")

    def is_billed(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(billed=value == "yes")
