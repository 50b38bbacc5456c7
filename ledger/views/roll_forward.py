"""The roll-forward of the contract liability, with its chart."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView

from ledger.dates import business_date, ledger_setup
from ledger.models import Currency
from ledger.money import round_to
from ledger.reports.roll_forward import Movements, Row, months, roll_forward
from ledger.sources import sources_of
from pages import exports, formats
from pages.charts import Column
from pages.views import Page

COLUMNS = ("opening", "additions", "revenue", "breakage", "refunds", "changes", "closing")
MOST_MONTHS = 60
BY = [("account", "Deferral account"), ("product_group", "Product group"), ("customer", "Customer")]


class RollForwardForm(forms.Form):
    first = forms.DateField(label="From the month of")
    last = forms.DateField(label="To, by posting date")
    by = forms.ChoiceField(label="By", choices=BY)
    known_on = forms.DateField(label="As known on", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", f"{formats.day(last)} is before {formats.day(first)}.")
        elif first and last and len(list(months(first, last))) > MOST_MONTHS:
            self.add_error("last", f"At most {MOST_MONTHS} months fit on the page.")
        return cleaned


class RollForwardPage(Page, TemplateView):
    """Month by month what was deferred, what came, what was earned or lapsed, and what is left; the last thirteen months
    unless asked for others."""

    permission_required = "ledger.view_journalentry"
    title = "Roll-forward"
    lead = "Deferred revenue month by month: opening + additions − revenue − breakage − refunds ± changes = closing."
    template_name = "ledger/roll_forward.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        today = business_date()
        year_ago = today.replace(year=today.year - 1, day=1)
        asked = {"first": year_ago, "last": today, "by": "account"} | request.GET.dict()
        self.form = RollForwardForm(asked)
        rows = roll_forward(**self.form.cleaned_data) if self.form.is_valid() else []
        named = name(rows, self.form.cleaned_data.get("by", ""))
        if rows and (export := exports.FORMATS.get(request.GET.get("export", ""))):
            return export(for_file(named, ledger_setup().lcy), f"roll-forward-{today}")
        return self.render_to_response(self.get_context_data(rows=named))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sums = by_month(row for _, row in kwargs["rows"])
        if sums:
            lcy = ledger_setup().lcy
            kwargs |= {"sums": sums, "lcy": lcy, "chart": chart(sums, lcy)}
        return super().get_context_data(form=self.form, **kwargs)


def name(rows: list[Row], by: str) -> list[tuple[str, Row]]:
    """Each row with the name of its group; customers are named by the app that knows them."""
    names = (
        {key: source.label for key, source in sources_of(row.key for row in rows).items()} if by == "customer" else {}
    )
    return [(names.get(row.key, row.key), row) for row in rows]


def by_month(rows: Iterator[Row]) -> dict[datetime.date, Movements]:
    """The months summed over all groups and currencies, in LCY."""
    sums: dict[datetime.date, Movements] = {}
    for row in rows:
        sums[row.month] = sums.get(row.month, Movements()) + row.lcy
    return sums


def chart(sums: dict[datetime.date, Movements], lcy: Currency) -> list[Column]:
    closings = {month: movements.closing for month, movements in sums.items()}
    return [Column(f"{month:%b %Y}", amount, formats.money(amount, lcy)) for month, amount in closings.items()]


def for_file(rows: list[tuple[str, Row]], lcy: Currency) -> Iterator[list]:
    titles = [column.capitalize() for column in COLUMNS]
    yield ["Month", "Group", "Currency", *titles, *(f"{title} (LCY)" for title in titles)]
    for label, row in rows:
        names = [row.month, exports.safe(label), row.currency.code]
        yield [*names, *figures(row.own, row.currency), *figures(row.lcy, lcy)]


def figures(movements: Movements, currency: Currency) -> list[Decimal]:
    return [round_to(getattr(movements, column), currency.decimals) for column in COLUMNS]
