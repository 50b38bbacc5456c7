from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from ledger.forms.reports import DayField
from opportunities.filters import OfAccount
from pages.filters import FilterSet, NumberedFilter, SearchFilter
from prepaid.models import ContractDeferral, DeferralLine
from prepaid.reports.deferrals import next_month, with_parts

STATES = [("waits", "Waits in part"), ("done", "Released or credited"), ("credited", "Credited in part")]


class MonthFilter(django_filters.DateFilter):
    field_class = DayField


class DeferralFilter(FilterSet):
    """With a month, what is released and what waits are those of its parts."""

    search = SearchFilter(
        fields=("contract__number", "contract__description", "line__document__posted_number", "account__number",
                "account__name"),
    )  # fmt: skip
    state = django_filters.ChoiceFilter(choices=STATES, label="State", empty_label="Any", method="of_state")
    month = MonthFilter(label="Month of", method="of_month", widget=forms.DateInput(attrs={"type": "date"}))
    contract = NumberedFilter(label="Contract", field_name="contract__number")
    account = OfAccount()
    service = NumberedFilter(label="Prepaid service", field_name="line__prepaid_service__number")

    class Meta:
        model = ContractDeferral
        fields = ("search", "state", "month", "contract", "account", "currency", "service")

    def of_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        parts = DeferralLine.objects.filter(deferral=OuterRef("pk"))
        waits = Exists(parts.open())
        if value == "credited":
            return queryset.filter(Exists(parts.filter(closed_by__isnull=False)))
        return queryset.filter(waits if value == "waits" else ~waits)

    def of_month(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        of_month = DeferralLine.objects.filter(
            deferral=OuterRef("pk"), starts_on__gte=value.replace(day=1), starts_on__lt=next_month(value)
        )
        return with_parts(queryset.filter(Exists(of_month)), value)
