from typing import Any

import django_filters
from django.db.models import QuerySet

from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter
from prepaid.models import CustomerContract, ServiceCommitment, ServiceObject


class ContractFilter(FilterSet):
    """Closed contracts are hidden unless they are asked for."""

    search = SearchFilter(fields=("number", "description", "external_reference", "account__number", "account__name"))
    account = OfAccount()
    closed = django_filters.ChoiceFilter(
        label="Closed",
        choices=[("closed", "Closed"), ("all", "Open and closed")],
        empty_label="Open only",
        method="of_state",
    )
    bill_to = OfAccount(field_name="bill_to", label="Bill-to account")

    class Meta:
        model = CustomerContract
        fields = ("search", "account", "closed", "bill_to", "currency")

    def of_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(closed=True) if value == "closed" else queryset

    def filter_queryset(self, queryset: QuerySet) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("closed") else found.filter(closed=False)


class ObjectFilter(FilterSet):
    search = SearchFilter(fields=("number", "description", "reference", "account__number", "account__name"))
    account = OfAccount()
    provided_on = DayRangeFilter(label="Provided on")
    product = NumberedFilter(label="Product", field_name="product__code")

    class Meta:
        model = ServiceObject
        fields = ("search", "account", "provided_on", "product")


class CommitmentFilter(FilterSet):
    search = SearchFilter(fields=("object__number", "description", "object__account__number", "object__account__name"))
    account = OfAccount(field_name="object__account")
    contract = django_filters.ChoiceFilter(
        label="Contract",
        choices=[("none", "In none, and could be billed"), ("some", "In a contract")],
        empty_label="Any",
        method="of_contract",
    )
    next_billing_on = DayRangeFilter(label="Next billing date")
    number = NumberedFilter(label="Contract no.", field_name="contract__number")
    service = NumberedFilter(label="Prepaid service", field_name="prepaid_service__number")

    class Meta:
        model = ServiceCommitment
        fields = (
            "search", "account", "contract", "next_billing_on", "number", "service", "partner", "invoicing_via", "currency",
        )  # fmt: skip

    def of_contract(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.unassigned() if value == "none" else queryset.filter(contract__isnull=False)
