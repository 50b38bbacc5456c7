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

from typing import Any

import django_filters
from django import forms
from django.core.validators import MinValueValidator
from django.db import models
from django.forms.utils import pretty_name
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS
from django_filters.widgets import DateRangeWidget

from pages.chips import Chip, chip, is_set

OPEN = 3


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


class NumberedFilter(django_filters.CharFilter):
    """A whole number or code, such as SCP-000001, typed in capitals or not: exact, so that its index answers."""

    def filter(self, queryset: models.QuerySet, value: str) -> models.QuerySet:
        return super().filter(queryset, value.upper())


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
        return [chip(field, value, self.data) for field, value in used if is_set(value)]


def dress(name: str, field: forms.Field) -> None:
    """The look of the filter bar, and a label where django-filter finds none."""
    if str(field.label) == "[invalid name]":
        field.label = pretty_name(name)
    if isinstance(field.widget, forms.NullBooleanSelect):
        field.widget.choices = (("unknown", "Any"), ("true", "Yes"), ("false", "No"))
    for end, widget in zip(("from", "to"), getattr(field.widget, "widgets", ()), strict=False):
        widget.attrs["aria-label"] = f"{field.label} {end}"
    for widget in (field.widget, *getattr(field.widget, "widgets", ())):
        look = "form-select" if isinstance(widget, forms.Select) else "form-control"
        widget.attrs["class"] = f"{look} {look}-sm"
