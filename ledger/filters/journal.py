"""What narrows the lists of the books."""

import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from ledger import sources
from ledger.models import Currency, JournalEntry, JournalLine
from ledger.reports import journal, known
from pages.chips import Chip
from pages.clock import business_date
from pages.filters import DayRangeFilter, FilterSet, NumberFilter, SearchFilter

NONE = "none"  # in an address, where an empty value would narrow nothing


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


class Recorded(DayRangeFilter):
    """Entries that became known on these days, company time."""

    def filter(self, queryset: QuerySet, value: slice | None) -> QuerySet:
        first, last = (at and at.date() for at in (value.start, value.stop)) if value else (None, None)
        return known.recorded_by(known.recorded_from(queryset, first), last)


class KnownOn(django_filters.DateFilter):
    """What had been recorded by the end of the day."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}))
        super().__init__(*args, label="As known on", **kwargs)

    def filter(self, queryset: QuerySet, value: datetime.date | None) -> QuerySet:
        return known.recorded_by(queryset, value)


class KeyFilter(django_filters.CharFilter):
    """A key, or "none" for lines without one."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        if value == NONE:
            return queryset.filter(Q(**{self.field_name: None}) | Q(**{self.field_name: ""}))
        return super().filter(queryset, value)


class JournalFilter(FilterSet):
    search = JournalSearch(fields=())
    kind = django_filters.ChoiceFilter(choices=())
    posting_date = DayRangeFilter(label="Posted")
    account = OnAccount(choices=())
    currency = django_filters.ChoiceFilter(choices=())
    effective_on = DayRangeFilter(label="Effective")
    recorded = Recorded(label="Recorded")
    lot = OnLot(label="Lot's key")
    seal = NumberFilter(field_name="sealed__seal")

    class Meta:
        model = JournalEntry
        fields = ("search", "posting_date", "kind", "account", "currency", "effective_on", "recorded", "lot", "seal")

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
    known_on = KnownOn()

    class Meta:
        model = JournalLine
        fields = ("search", "posting_date", "currency", "party", "lot", "known_on")

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


class DeferralEntriesFilter(FilterSet):
    """Lines of the deferral accounts, narrowed to a group of the roll-forward."""

    search = SearchFilter(fields=("entry__event_key", "entry__description"))
    posting_date = DayRangeFilter(field_name="entry__posting_date", label="Posted", method="posted")
    currency = django_filters.ModelChoiceFilter(queryset=Currency.objects.all())
    account = KeyFilter(label="Account")
    product_group = KeyFilter(label="Product group")
    party = KeyFilter(label="Customer's key")
    known_on = KnownOn()

    class Meta:
        model = JournalLine
        fields = ("search", "posting_date", "currency", "account", "product_group", "party", "known_on")

    def posted(self, queryset: QuerySet, name: str, value: slice) -> QuerySet:
        days = {"gte": value.start, "lte": value.stop}
        return queryset.filter(**{f"{name}__{end}": at.date() for end, at in days.items() if at})


def kind_label(kind: str) -> str:
    """sales_invoice -> Sales invoice"""
    return kind.replace("-", " ").replace("_", " ").capitalize()
