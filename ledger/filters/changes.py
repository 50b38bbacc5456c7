"""What narrows the change log."""

from typing import Any

import django_filters

from ledger.models import ChangeLogEntry
from ledger.reports import changes
from pages.filters import DayRangeFilter, FilterSet, SearchFilter


class ChangeLogFilter(FilterSet):
    search = SearchFilter(fields=("action", "reason", "row", "actor__username", "actor__last_name"))
    at = DayRangeFilter(label="When")
    table = django_filters.ChoiceFilter(choices=(), label="Kind of record")
    row = django_filters.CharFilter(label="Record's key")

    class Meta:
        model = ChangeLogEntry
        fields = ("search", "at", "table", "kind", "row")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["table"].extra["choices"] = changes.tables()
