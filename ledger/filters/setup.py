"""What narrows the lists of the setup."""

from ledger.models import ExchangeRate, LedgerAccount
from pages.filters import DayRangeFilter, FilterSet, SearchFilter


class ChartFilter(FilterSet):
    search = SearchFilter(fields=("code", "name"))

    class Meta:
        model = LedgerAccount
        fields = ("search", "category", "blocked")


class RateFilter(FilterSet):
    starting_on = DayRangeFilter(label="Starting date")

    class Meta:
        model = ExchangeRate
        fields = ("currency", "starting_on")
