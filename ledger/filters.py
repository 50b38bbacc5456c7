"""What narrows the lists of the books."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import cached_property

from ledger import sources
from ledger.models import Currency, ExchangeRate, JournalEntry, JournalLine, LedgerAccount
from ledger.reports import journal
from pages.filters import DayRangeFilter, FilterSet, SearchFilter


class JournalSearch(SearchFilter):
    """Looks into the entry and, as far as the upper apps answer, into the names behind its parties and lots."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        return journal.search(queryset, value, sources.find(value)) if value else queryset


class OnAccount(django_filters.ChoiceFilter):
    """Entries with a line on the account."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        lines = JournalLine.objects.filter(entry=OuterRef("pk"), account=value)
        return queryset.filter(Exists(lines)) if value else queryset


class JournalFilter(FilterSet):
    search = JournalSearch(fields=())
    kind = django_filters.ChoiceFilter(choices=())
    posting_date = DayRangeFilter(label="Posted")
    account = OnAccount(choices=())
    currency = django_filters.ChoiceFilter(choices=())
    effective_on = DayRangeFilter(label="Effective")

    class Meta:
        model = JournalEntry
        fields = ("search", "posting_date", "kind", "account", "currency", "effective_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in journal.choices().items():
            self.filters[name].extra["choices"] = choices
        self.filters["kind"].extra["choices"] = [
            (kind, spoken_kind(kind)) for kind, _ in self.filters["kind"].extra["choices"]
        ]


class StatementFilter(FilterSet):
    """The lines of one account with the balance after each. The days narrow what is shown, not what is added up: what
    lies before them is the opening balance."""

    search = SearchFilter(fields=("entry__event_key", "entry__description"))
    posting_date = DayRangeFilter(label="Posted", method="later")
    currency = django_filters.ModelChoiceFilter(queryset=Currency.objects.all())
    party = django_filters.CharFilter(label="Customer's key")
    lot = django_filters.CharFilter(label="Lot's key")

    class Meta:
        model = JournalLine
        fields = ("search", "posting_date", "currency", "party", "lot")

    def later(self, queryset: QuerySet, name: str, value: slice) -> QuerySet:
        return queryset

    @cached_property
    def statement(self) -> journal.Statement:
        days = self.form.cleaned_data.get("posting_date") if self.is_bound and self.is_valid() else None
        day = (lambda at: at and at.date()) if days else (lambda at: None)
        return journal.statement(super().qs, day(days and days.start), day(days and days.stop))

    @property
    def qs(self) -> QuerySet:
        return self.statement.lines


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


def spoken_kind(kind: str) -> str:
    """credits-expiry -> Credits expiry"""
    return kind.replace("-", " ").capitalize()
