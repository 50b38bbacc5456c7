"""The forecasts of the deferred revenue: when it is due (waterfall), when its lots expire (aging), and the parts behind a
figure of either."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from ledger.forms.reports import CAUSES, ForecastForm, PartsForm
from ledger.reports.deferrals import LATER, PAST, UNDATED, UNEXPLAINED, Asked
from ledger.reports.forecast import Amounts, Part, Row, by_month, forecast, parts
from ledger.sources import Source, sources_of
from ledger.views.monthly import MonthlyPage
from ledger.views.reports import ReportPage
from pages import exports, formats
from pages.charts import Part as ChartPart
from pages.charts import Stack
from pages.elements import Crumb

SHOWN = 300
CAUSE = dict(CAUSES)
HEADER = ["Month", "Customer", "Lot", "Decided by", "Account", "What", "Due", "Expires", "Currency", "Amount", "LCY"]


def month_label(bucket: str, words: dict[str, str]) -> str:
    """Nov 2026, or the word for what stands in no month."""
    if bucket == UNEXPLAINED:
        return "Not explained by a lot"
    return words.get(bucket) or f"{datetime.date.fromisoformat(f'{bucket}-01'):%b %Y}"


class ForecastPage(MonthlyPage):
    form_class = ForecastForm
    empty = "Nothing is deferred on this day. The first month comes with the first confirmed purchase."
    told = ("total", "remaining")
    view: str
    words: dict[str, str]
    causes: dict[str, str]  # what the parts of a month are called

    def defaults(self) -> dict[str, Any]:
        return {"on": self.today, "months": 12, "by": "account"}

    def read(self, **asked: Any) -> list[Row]:
        self.question = Asked(view=self.view, **asked)
        return forecast(self.question)

    def month_of(self, row: Row) -> str:
        return row.bucket

    def label(self, month: str) -> str:
        return month_label(month, self.words)

    def sums(self) -> dict[str, Amounts]:
        return by_month(self.question, self.report)

    def chart(self, sums: dict[str, Amounts]) -> list[Stack]:
        return [
            Stack(self.label(month), self.told_in_lcy(amounts.total), self.chart_parts(amounts))
            for month, amounts in sums.items()
        ]

    def chart_parts(self, amounts: Amounts) -> list[ChartPart]:
        named = self.causes | ({UNEXPLAINED: "Not explained"} if amounts.unexplained else {})
        shares = [(name, getattr(amounts, cause)) for cause, name in named.items()]
        return [ChartPart(name, amount, self.told_in_lcy(amount)) for name, amount in shares]

    def told_in_lcy(self, amount: Decimal) -> str:
        return formats.money(amount, self.lcy)

    def url(self, month: str, column: str, **group: str) -> str:
        if column == "remaining":
            return ""  # the sum of the rows below it
        cause = {"cause": column} if column in self.causes else {}
        asked = {**self.asked(), "view": self.view, "bucket": month, **cause, **group}
        return f"{reverse('ledger:deferral-lines')}?{urlencode(asked)}"


class WaterfallPage(ForecastPage):
    title = "Waterfall"
    lead = (
        "What of the deferred revenue is due to be recognised, by the dates of milestones and contracts, and what is "
        "due to lapse."
    )
    file_name, view = "waterfall", "due"
    words = {PAST: "Overdue", LATER: "Later", UNDATED: "Without a date"}
    causes = {"recognise": "To be recognised", "lapse": "To lapse"}
    columns = {**causes, "total": "Total", "remaining": "Remaining"}
    extra_context = {"chart_title": "Due in each month", "stacked": True, "reset": "Today"}


class AgingPage(ForecastPage):
    title = "Aging"
    lead = (
        "The deferred revenue by the month in which its lots expire, or a contract's billed period ends: what is spoken for, "
        "and what is still free."
    )
    file_name, view = "aging", "expiry"
    words = {PAST: "Past expiry", LATER: "Later", UNDATED: "Never expires"}
    causes = {"recognise": "Allocated, contracts, or unlimited", "lapse": "Not allocated"}
    columns = {**causes, "total": "Total", "remaining": "Expires later"}
    extra_context = {"chart_title": "Expires in each month", "stacked": True, "reset": "Today"}


class DeferralLinesPage(ReportPage):
    """The parts of lots behind a figure of a forecast: what is due when, how much, and what decides it."""

    title = "Deferred revenue in parts"
    template_name = "ledger/deferral_lines.html"
    empty = "Nothing is deferred that fits this question."
    form_class = PartsForm
    file_name = "deferred"

    def defaults(self) -> dict[str, Any]:
        return {"on": self.today, "months": 12, "by": "account", "view": "due"}

    def read(self, **asked: Any) -> list[Part]:
        narrowed = {name: asked.pop(name) or None for name in ("bucket", "key", "currency", "cause")}
        if "key" in self.request.GET:
            narrowed["key"] = self.request.GET["key"]  # the group without a name is one as well
        return parts(Asked(**asked), **narrowed)

    def page_of_view(self) -> type[ForecastPage]:
        return AgingPage if self.form.cleaned_data.get("view") == AgingPage.view else WaterfallPage

    def get_breadcrumb(self) -> list[Crumb]:
        page = self.page_of_view()
        return [Crumb(page.title, f"{reverse(f'ledger:{page.file_name}')}?{urlencode(self.asked(*self.shared()))}")]

    def shared(self) -> list[str]:
        return list(ForecastForm.base_fields)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            shown = self.report[:SHOWN]
            known = sources_of(key for part in shown for key in (part.party, part.lot, part.behind))
            kwargs["parts"] = [self.told(part, known) for part in shown]
            kwargs |= {"totals": totals(self.report), "lead": self.narrowed()}
        return super().get_context_data(**kwargs)

    def narrowed(self) -> str:
        """What the parts have in common, in words."""
        told = self.form.cleaned_data
        month = self.month(self.report[0]) if told["bucket"] else ""
        key = told["key"] and (sources_of([told["key"]]).get(told["key"], Source(told["key"], "")).label)
        return " · ".join(filter(None, (month, CAUSE.get(told["cause"]), key, told["currency"])))

    def told(self, part: Part, known: dict[str, Source]) -> tuple:
        return part, *self.sources(part, known), self.month(part), CAUSE[part.cause]

    def sources(self, part: Part, known: dict[str, Source]) -> list[Source]:
        """The customer, the lot and, where it is another, what decides."""
        decides = "" if part.behind == part.lot else part.behind
        return [known.get(key, Source(key, "")) for key in (part.party, part.lot, decides)]

    def month(self, part: Part) -> str:
        return month_label(part.bucket, self.page_of_view().words)

    def lines(self) -> Iterator[list]:
        known = sources_of(key for part in self.report for key in (part.party, part.lot, part.behind))
        yield HEADER
        for part in self.report:
            names = [exports.safe(source.label) for source in self.sources(part, known)]
            days = [part.due_on or "", part.expires_on or ""]
            amounts = [part.currency.code, part.amount, part.amount_lcy]
            yield [self.month(part), *names, part.account, CAUSE[part.cause], *days, *amounts]


def totals(found: list[Part]) -> list[tuple]:
    """(currency, how many parts, amount, amount in LCY)"""
    sums: dict[str, tuple] = {}
    for part in found:
        _, count, amount, lcy = sums.get(part.currency.code, (None, 0, 0, 0))
        sums[part.currency.code] = (part.currency, count + 1, amount + part.amount, lcy + part.amount_lcy)
    return [sums[code] for code in sorted(sums)]
