from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from opportunities.models import Account
from pages.filters import FilterSet, SearchFilter


class AccountFilter(FilterSet):
    search = SearchFilter(fields=("number", "name"))

    class Meta:
        model = Account
        fields = ("search", "currency", "business_group")


class ByNumberOrName(django_filters.CharFilter):
    """A record by its whole number, or by a part of its name: a list of all of them would be too long."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        if not value:
            return queryset
        path = self.field_name
        return queryset.filter(Q(**{f"{path}__number": value.upper()}) | Q(**{f"{path}__name__icontains": value}))


class OfAccount(ByNumberOrName):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"field_name": "account", "label": "Account"} | kwargs)
