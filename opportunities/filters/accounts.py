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


class OfAccount(django_filters.CharFilter):
    """An account by its whole number, or by a part of its name: a list of all of them would be too long."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Account", **kwargs)

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        if not value:
            return queryset
        return queryset.filter(Q(account__number__iexact=value) | Q(account__name__icontains=value))
