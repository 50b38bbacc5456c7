"""Filters of list pages: validated forms, the three commonest in sight and the rest behind "More".

    class PurchaseFilter(FilterSet):
        search = SearchFilter(fields=("number", "account__name", "description"))
        expiry_date = DayRangeFilter(label="Expires")

        class Meta:
            model = Purchase
            fields = ("search", "state", "expiry_date", "currency")
            open = 3                      # how many of them stand open; three when left out

Numbers take the `NumberFilter` of this module, which knows its limits; customers are found by a `SearchFilter`, not by
a list of twenty thousand. What cannot be read gets a sentence at the filter and no rows: rows that ignore a filter
would be believed.
"""

from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.validators import MinValueValidator
from django.db import models
from django.forms.utils import pretty_name
from django.http import QueryDict
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS
from django_filters.widgets import DateRangeWidget

from pages import formats

OPEN = 3


@dataclass(frozen=True)
class Chip:
    """An active filter: what it says, and the query string without it."""

    label: str
    value: str
    without: str


class NumberFilter(django_filters.NumberFilter):
    @property
    def field(self) -> forms.Field:
        field = super().field
        field.validators.append(MinValueValidator(-(10**50)))
        return field


class SearchFilter(django_filters.CharFilter):
    """One box that looks into several columns."""

    def __init__(self, *args: Any, fields: tuple[str, ...], **kwargs: Any) -> None:
        kwargs.setdefault("label", "Search")
        super().__init__(*args, **kwargs)
        self.fields = fields

    def filter(self, queryset: models.QuerySet, value: str) -> models.QuerySet:
        if not value:
            return queryset
        looked = models.Q()
        for name in self.fields:
            looked |= models.Q(**{f"{name}__icontains": value})
        return queryset.filter(looked)


class DayRangeFilter(django_filters.DateFromToRangeFilter):
    """From a day to a day, both included, either of them open."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", DateRangeWidget(attrs={"type": "date"}))
        super().__init__(*args, **kwargs)


DAYS = {models.DateField: {"filter_class": DayRangeFilter}, models.DecimalField: {"filter_class": NumberFilter}}


class FilterSet(django_filters.FilterSet):
    FILTER_DEFAULTS = FILTER_FOR_DBFIELD_DEFAULTS | DAYS

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            for name, field in super().form.fields.items():
                dress(name, field)
        return super().form

    @property
    def qs(self) -> models.QuerySet:
        return self.queryset.none() if self.is_bound and self.errors else super().qs

    @property
    def open_fields(self) -> list[forms.BoundField]:
        return list(self.form)[: self.open]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return list(self.form)[self.open :]

    @property
    def more_is_used(self) -> bool:
        return any(field.errors or self.form.cleaned_data.get(field.name) for field in self.more_fields)

    @property
    def open(self) -> int:
        return getattr(self.Meta, "open", OPEN) if hasattr(self, "Meta") else OPEN

    def chips(self) -> list[Chip]:
        """The filters that narrow the rows now."""
        cleaned = self.form.cleaned_data if self.is_bound and self.is_valid() else {}
        used = ((field, cleaned.get(field.name)) for field in self.form)
        return [self.chip(field, value) for field, value in used if is_set(value)]

    def chip(self, field: forms.BoundField, value: Any) -> Chip:
        return Chip(str(field.label), spoken(field.field, value), without(self.data, names(field)))


def is_set(value: Any) -> bool:
    return value is not None and value != "" and (not hasattr(value, "__len__") or len(value) > 0)


def names(field: forms.BoundField) -> set[str]:
    """The parameters a filter reads: a range has one for each end."""
    suffixes = getattr(field.field.widget, "suffixes", None)
    return {f"{field.html_name}_{suffix}" for suffix in suffixes} if suffixes else {field.html_name}


def without(data: QueryDict, gone: set[str]) -> str:
    kept = QueryDict(mutable=True)
    for name, values in data.lists():
        if name not in gone | {"page", "export"}:
            kept.setlist(name, values)
    return f"?{kept.urlencode()}"


def spoken(field: forms.Field, value: Any) -> str:
    if isinstance(value, slice):
        return " ".join(filter(None, (end("from", value.start), end("to", value.stop))))
    if isinstance(value, (list, tuple, models.QuerySet)):
        return ", ".join(spoken(field, item) for item in value)
    chosen = {} if isinstance(value, models.Model) else dict(getattr(field, "choices", ()))
    return str(chosen.get(value, chosen.get(str(value), value)))


def end(word: str, value: Any) -> str:
    return f"{word} {formats.day(value) if hasattr(value, 'year') else value}" if value is not None else ""


def dress(name: str, field: forms.Field) -> None:
    """The look of the filter bar, and a label where django-filter finds none."""
    if str(field.label) == "[invalid name]":
        field.label = pretty_name(name)
    for widget in (field.widget, *getattr(field.widget, "widgets", ())):
        look = "form-select" if isinstance(widget, forms.Select) else "form-control"
        widget.attrs["class"] = f"{look} {look}-sm"
