"""The statement of services credits of a customer: on the screen, as CSV and XLSX, and as the PDF that the customer gets."""

from collections.abc import Iterator
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from credits.forms.statement import StatementForm
from credits.reports.statement import Row, Statement, statement
from credits.views.statement_document import document_data
from ledger.dates import ledger_setup
from ledger.views.reports import ReportPage
from opportunities.models import Account
from pages import exports
from pages.elements import Crumb

SHOWN = 500  # movements of a currency on the page; the files have all of them
HEADER = ["Currency", "Date", "Document", "What", "Milestone", "Purchase", "Expires", "Credits in", "Credits out",
          "Balance"]  # fmt: skip


class StatementPage(ReportPage):
    """From 1 January to today unless asked for other days; each figure leads to its rows."""

    permission_required = ("credits.view_purchase", "credits.view_consumption")
    title = "Statement of services credits"
    template_name = "credits/statement.html"
    form_class = StatementForm
    document = "credits/statement.typ"
    empty = "No credits were bought up to this day. The statement begins with the first confirmed purchase."
    extra_context = {"shown": SHOWN, "reset": "This year"}

    @cached_property
    def account(self) -> Account:
        return get_object_or_404(Account, pk=self.kwargs["pk"])

    @property
    def file_name(self) -> str:  # type: ignore[override]
        return f"services-credits-{self.account.number}"

    def get_breadcrumb(self) -> list[Crumb]:
        above = Crumb("Services credits", reverse("credits:account", args=[self.account.pk]))
        return [Crumb(str(self.account), self.account.get_absolute_url()), above]

    def defaults(self) -> dict[str, Any]:
        return {"first": self.today.replace(month=1, day=1), "last": self.today}

    def read(self, **asked: Any) -> Statement:
        return statement(self.account, **asked)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(account=self.account, **kwargs)

    def lines(self) -> Iterator[list]:
        yield HEADER
        for section in self.report.sections:
            code = section.currency.code
            yield [code, self.report.first, "", "Opening balance", "", "", "", "", "", section.opening]
            yield from ([code, *line(row)] for row in section.rows)
            sums = [section.credits_in, section.credits_out, section.closing]
            yield [code, self.report.last, "", "Closing balance", "", "", "", *sums]
            for lot in section.lots:
                number = exports.safe(lot.lot.number)
                yield [code, self.report.last, number, lot.use.value, "", number, lot.expires_on, "", "", lot.credits]

    def document_data(self) -> dict[str, Any]:
        return document_data(self.report, sender=ledger_setup().company_name, title=self.title)


def line(row: Row) -> list:
    moved = row.movement
    names = [moved.document, moved.what, moved.milestone or "", moved.lot.number]
    credits = [row.credits_in or "", row.credits_out or "", row.balance]
    return [moved.day, *(exports.safe(str(name)) for name in names), row.expires_on, *credits]
