from typing import Any

import django_filters
from django.db.models import QuerySet

from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter
from prepaid.models import DissolutionProposal
from prepaid.models.requests import State

WAITING = State.REQUESTED.value
DECIDED = [choice for choice in State.choices if choice[0] != WAITING]


class DissolutionFilter(FilterSet):
    """What is decided is hidden unless it is asked for."""

    state = django_filters.ChoiceFilter(
        choices=[*DECIDED, ("all", "Any")], label="State", empty_label="Waiting for approval", method="of_state"
    )
    service = NumberedFilter(label="Prepaid service", field_name="inflow__service__number")
    account = OfAccount(field_name="inflow__service__account")
    valid_until = DayRangeFilter(label="Valid until", field_name="inflow__valid_until")

    class Meta:
        model = DissolutionProposal
        fields = ("state", "service", "account", "valid_until")

    def of_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset if value == "all" else queryset.filter(state=value)

    def filter_queryset(self, queryset: QuerySet) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("state") else found.filter(state=WAITING)
