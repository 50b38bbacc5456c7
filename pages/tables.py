"""Tables of list pages: the first column is the link, money and credits stand right-aligned under each other.

    class PurchaseTable(Table):
        number = LinkColumn()                                 # to the record's get_absolute_url
        account = LinkColumn(linkify=True)                    # to the account's get_absolute_url
        expiry_date = DayColumn(away=True)                    # 24 Nov 2026, in 37 days
        available = CreditsColumn()
        amount_paid = MoneyColumn(currency="currency")        # the currency object's path on the row
        state = BadgeColumn(tones={"draft": "warn", "confirmed": "good"})
        actions = MenuColumn(lambda record: [Action("Expire", record.expire_url, permission="credits.expire")])

        class Meta:
            model = Purchase
            fields = ("number", "account", "expiry_date", "available", "amount_paid", "state")

At most seven columns. What a column exports is its raw value: a number, a date.
"""

from collections.abc import Callable
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django_tables2.utils import A

from pages import clock, markup
from pages.formats import NOTHING


class Table(tables.Table):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, default=kwargs.pop("default", NOTHING), **kwargs)

    def get_column_class_names(self, classes_set: set[str], bound_column: Any) -> set[str]:
        """A number such as SCP-000017 stays on one line."""
        return classes_set | ({"ref"} if bound_column.name == "number" else set())

    def paginate(self, *args: Any, **kwargs: Any) -> "Table":
        """Equal rows keep one order from page to page: the key decides last."""
        queryset = self.data.data
        if hasattr(queryset, "query") and not queryset.query.combinator:
            ordering = queryset.query.order_by or queryset.model._meta.ordering
            self.data.data = queryset.order_by(*ordering, "pk")
        return super().paginate(*args, **kwargs)


class LinkColumn(tables.Column):
    """Leads to the record. With `linkify=` as in django-tables2 it leads elsewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("linkify", lambda record: record.get_absolute_url())
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        return markup.whole(value)

    def value(self, value: Any) -> Any:
        return value


class NumberColumn(tables.Column):
    attrs = {"td": {"class": "num"}, "th": {"class": "num"}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", self.attrs)
        super().__init__(*args, **kwargs)

    def value(self, value: Any) -> Any:
        return value


class CreditsColumn(NumberColumn):
    """A whole number with thousands separators; zero is –."""

    def render(self, value: int) -> str:
        return markup.credits(value, zero=NOTHING)


class MoneyColumn(NumberColumn):
    """An amount with the currency of its row. `currency` is the path to an object with `code` and `decimals`."""

    def __init__(self, *args: Any, currency: str = "currency", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = A(currency)

    def render(self, value: Any, record: Any) -> str:
        return markup.money(value, self.currency.resolve(record), zero=NOTHING)


class DayColumn(tables.Column):
    """A date; with `away` also how far from the business date, amber from `soon_days` before."""

    def __init__(self, *args: Any, away: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"td": {"class": "day"}})
        super().__init__(*args, **kwargs)
        self.away = away

    def render(self, value: Any, table: Any) -> str:
        if not self.away:
            return markup.day(value)
        today = clock.business_date(getattr(table, "request", None))
        return format_html("{} {}", markup.day(value), markup.days_away(value, today, self.soon_days(table)))

    def soon_days(self, table: Any) -> int:
        return markup.SOON

    def value(self, value: Any) -> Any:
        return value


class BadgeColumn(tables.Column):
    """A state as a badge. `tones` maps the stored value to neutral, info, good, warn or bad."""

    def __init__(self, *args: Any, tones: dict | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tones = tones or {}

    def render(self, value: Any, record: Any, bound_column: Any) -> str:
        stored = bound_column.accessor.resolve(record)
        return markup.badge(value, self.tones.get(stored, "neutral"))

    def value(self, value: Any) -> Any:
        return value


class MenuColumn(tables.Column):
    """The row's actions in a menu. `actions` takes the record and gives `Action` objects."""

    def __init__(self, actions: Callable[[Any], list], **kwargs: Any) -> None:
        hidden = mark_safe('<span class="visually-hidden">Actions</span>')
        defaults = {"empty_values": (), "orderable": False, "exclude_from_export": True, "verbose_name": hidden}
        super().__init__(attrs={"td": {"class": "row-menu"}, "th": {"class": "row-menu"}}, **(defaults | kwargs))
        self.actions = actions

    def render(self, record: Any, table: Any) -> str:
        from pages.views.page import allowed_actions  # the views use tables, and this column asks back

        menu = allowed_actions(table.request.user, self.actions(record))
        return render_to_string("pages/action_menu.html", {"actions": menu, "of": record}) if menu else ""
