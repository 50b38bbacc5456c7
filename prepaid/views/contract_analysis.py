"""Contract analysis: per contract and month what is invoiced, credited, released and still deferred; also as a file."""

import datetime
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from ledger.reports.groups import last_day
from ledger.views.monthly import SHOWN, MonthlyPage
from ledger.views.reports import figures
from pages import exports, formats
from pages.charts import Column
from pages.elements import Action, Crumb
from prepaid.forms.contract_reports import AnalysisForm
from prepaid.reports.contract_analysis import Figures, Row, contract_analysis, totals

# The kind of the journal entries behind a column; what is released and deferred moves with several kinds.
KINDS = {"invoiced": "sales_invoice", "credited": "sales_credit_memo"}
DAY = datetime.timedelta(days=1)


class ContractAnalysisPage(MonthlyPage):
    """The last twelve months and this one unless asked for others."""

    permission_required = "prepaid.view_contractdeferral"
    template_name = "prepaid/contract_analysis.html"
    title = "Contract analysis"
    lead = "Per contract and month: opening + invoiced − credited − released = still deferred at the end of the month."
    empty = "No contract had deferred revenue in these months. It begins with the first posted contract invoice."
    form_class = AnalysisForm
    file_name = "contract-analysis"
    columns = {
        "opening": "Opening",
        "invoiced": "Invoiced",
        "credited": "Credited",
        "released": "Released",
        "deferred": "Still deferred",
    }
    told = ("deferred",)
    extra_context = {"chart_title": "Still deferred at the end of each month", "reset": "Last thirteen months"}

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Customer contracts", reverse("prepaid:contract-list"))]

    def get_actions(self) -> list[Action]:
        return [Action("Deferrals", reverse("prepaid:deferral-list"), permission="prepaid.view_contractdeferral")]

    def defaults(self) -> dict[str, Any]:
        return {"first": self.today.replace(year=self.today.year - 1, day=1), "last": self.today}

    def read(self, **asked: Any) -> list[Row]:
        return contract_analysis(**asked)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            kwargs["totals"] = totals(self.report)
        return super().get_context_data(**kwargs)

    def month_of(self, row: Row) -> datetime.date:
        return row.month

    def label(self, month: datetime.date) -> str:
        return f"{month:%b %Y}"

    def file_month(self, month: datetime.date) -> datetime.date:
        return month

    def sums(self) -> dict[datetime.date, Figures]:
        sums: dict[datetime.date, Figures] = {}
        for row in self.report:
            sums[row.month] = sums.get(row.month, Figures()) + row.lcy
        return sums

    def chart(self, sums: dict[datetime.date, Figures]) -> list[Column]:
        ends = [(self.label(month), month_figures.deferred) for month, month_figures in sums.items()]
        return [Column(label, amount, formats.money(amount, self.lcy)) for label, amount in ends]

    def url(self, month: datetime.date, column: str, **group: str) -> str:
        """Of a contract: the journal entries behind the figure. Of all together: this page, of the month alone."""
        last = min(last_day(month), self.form.cleaned_data["last"])
        if not group:
            narrowed = {name: self.request.GET.get(name, "") for name in ("contract", "account", "currency")}
            asked = {"first": month, "last": last, **{name: value for name, value in narrowed.items() if value}}
            return f"?{urlencode(asked)}"
        days = {"posting_date_after": month, "posting_date_before": last}
        if column in ("opening", "deferred"):
            days = {"posting_date_before": month - DAY if column == "opening" else last}
        kind = {"kind": KINDS[column]} if column in KINDS else {}
        return f"{reverse('ledger:journal')}?{urlencode({'search': group['key'], **days, **kind})}"

    def named(self, most: int | None = SHOWN) -> list[tuple[str, Row]]:
        return [(row.contract.number, row) for row in self.report[:most]]

    def line(self, name: str, row: Row) -> Any:
        """With its contract and its customer."""
        cells = self.cells(row.month, row.own, row.currency, key=row.contract.number)
        return {"label": self.label(row.month), "contract": row.contract, "cells": cells}

    def lines(self) -> Iterator[list]:
        titles = list(self.columns.values())
        yield [
            "Month",
            "Contract",
            "Description",
            "Account",
            "Currency",
            *titles,
            *(f"{title} (LCY)" for title in titles),
        ]
        for row in self.report:
            contract = row.contract
            names = [contract.number, contract.description, str(contract.account), row.currency.code]
            own, lcy = figures(row.own, self.columns, row.currency), figures(row.lcy, self.columns, self.lcy)
            yield [row.month, *map(exports.safe, names), *own, *lcy]
