from typing import Any

import django_filters
from django.db.models import QuerySet

from credits.models import Milestone
from credits.models.milestones import State, Status
from credits.reports.milestones import UNFUNDED
from opportunities.filters import ByNumberOrName, OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter

NO_STATUS = "none"
BOTH = "unfunded"
STATES = [*State.choices, (BOTH, "Waiting or needs adjusting")]
STATUSES = [(status.value or NO_STATUS, status.label) for status in Status]


class MilestoneFilter(FilterSet):
    search = SearchFilter(fields=("number", "name", "project__name", "project__account__name"))
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label="Credits", empty_label="Any")
    target_on = DayRangeFilter(label="Target date")
    account = OfAccount(field_name="project__account")
    project = ByNumberOrName(field_name="project", label="Project")
    status = django_filters.ChoiceFilter(choices=STATUSES, method="in_status", label="Status", empty_label="Any")
    currency = NumberedFilter(field_name="project__currency", label="Currency")

    class Meta:
        model = Milestone
        fields = ("search", "state", "target_on", "account", "project", "status", "currency")

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(state__in=UNFUNDED if value == BOTH else [value])

    def in_status(self, queryset: QuerySet, name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(status="" if value == NO_STATUS else value)
