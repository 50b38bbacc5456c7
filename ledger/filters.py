"""What narrows the lists of the books."""

import datetime
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from ledger import sources
from ledger.models import Currency, ExchangeRate, JournalEntry, JournalLine, LedgerAccount
from ledger.reports import journal
from pages.chips import Chip
from pages.clock import business_date
from pages.filters import DayRangeFilter, FilterSet, NumberFilter, SearchFilter


class JournalSearch(SearchFilter):
    """Looks into the entry and, as far as the upper apps answer, into the names behind its parties and lots."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        return journal.search(queryset, value, sources.find(value)) if value else queryset


class OnAccount(django_filters.ChoiceFilter):
    """Entries with a line on the account."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        lines = JournalLine.objects.filter(entry=OuterRef("pk"), account=value)
        return queryset.filter(Exists(lines)) if value else queryset


class OnLot(django_filters.CharFilter):
    """Entries with a line of the lot, by its key in the books."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        lines = JournalLine.objects.filter(entry=OuterRef("pk"), lot=value)
        return queryset.filter(Exists(lines)) if value else queryset


class JournalFilter(FilterSet):
    search = JournalSearch(fields=())
    kind = django_filters.ChoiceFilter(choices=())
    posting_date = DayRangeFilter(label="Posted")
    account = OnAccount(choices=())
    currency = django_filters.ChoiceFilter(choices=())
    effective_on = DayRangeFilter(label="Effective")
    lot = OnLot(label="Lot's key")
    seal = NumberFilter(field_name="sealed__seal")

    class Meta:
        model = JournalEntry
        fields = ("search", "posting_date", "kind", "account", "currency", "effective_on", "lot", "seal")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in journal.choices().items():
            self.filters[name].extra["choices"] = choices
        self.filters["kind"].extra["choices"] = [
            (kind, kind_label(kind)) for kind, _ in self.filters["kind"].extra["choices"]
        ]


class AccountEntriesFilter(FilterSet):
    """The lines of one account with the balance after each. The days narrow what is shown, not what is added up: what
    lies before them is the opening balance. Asked for nothing, it shows the current month; `?posting_date_after=` shows
    every day."""

    search = SearchFilter(fields=("entry__event_key", "entry__description"))
    posting_date = DayRangeFilter(label="Posted", method="later")
    currency = django_filters.ModelChoiceFilter(queryset=Currency.objects.all())
    party = django_filters.CharFilter(label="Customer's key")
    lot = django_filters.CharFilter(label="Lot's key")

    class Meta:
        model = JournalLine
        fields = ("search", "posting_date", "currency", "party", "lot")

    def __init__(self, data: QueryDict, *args: Any, request: Any = None, **kwargs: Any) -> None:
        asked = {"posting_date_after", "posting_date_before", *self.base_filters} & data.keys()
        self.month = None if asked else business_date(request).replace(day=1)
        if self.month:
            data = data.copy()
            data["posting_date_after"] = self.month.isoformat()
            data["posting_date_before"] = month_end(self.month).isoformat()
        super().__init__(data, *args, request=request, **kwargs)

    def chips(self) -> list[Chip]:
        return [] if self.month else super().chips()

    def later(self, queryset: QuerySet, name: str, value: slice) -> QuerySet:
        return queryset

    @cached_property
    def account_entries(self) -> journal.AccountEntries:
        days = self.form.cleaned_data.get("posting_date") if self.is_bound and self.is_valid() else None
        day = (lambda at: at and at.date()) if days else (lambda at: None)
        return journal.account_entries(super().qs, day(days and days.start), day(days and days.stop))

    @property
    def qs(self) -> QuerySet:
        return self.account_entries.lines


def month_end(first: datetime.date) -> datetime.date:
    return (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)


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


def kind_label(kind: str) -> str:
    """credits-expiry -> Credits expiry"""
    return kind.replace("-", " ").capitalize()
