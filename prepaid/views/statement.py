"""The statement of a prepaid service, or of all of an account: on the screen, as CSV and XLSX, and as the PDF of the
customer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from ledger.dates import company_time_zone
from ledger.money import round_to
from ledger.views.reports import ReportPage
from opportunities.models import Account
from pages import exports
from pages.elements import Action, Crumb, reason
from prepaid.forms.statement import StatementForm
from prepaid.models import PrepaidService, StatementMail
from prepaid.reports.statement import Row, Section, Statement, Units, statement_of_account, statement_of_service
from prepaid.reports.statement_document import NO_END, TEMPLATE, TITLE, document_data, document_of, until_of
from prepaid.services.statement_mail import refusal_to_send

SHOWN = 500  # movements of a service on the page; the files have all of them
HEADER = ["Prepaid service", "Description", "Currency or unit", "Date", "What", "Document", "Ledger entry", "Valid until",
          "In", "Out", "Balance", "In (LCY)", "Out (LCY)", "Balance (LCY)"]  # fmt: skip


class StatementPage(ReportPage):
    """From 1 January to today unless asked for other days; each movement leads to its document."""

    permission_required = "prepaid.view_prepaidentry"
    title = TITLE
    template_name = "prepaid/statement.html"
    form_class = StatementForm
    document = TEMPLATE
    extra_context = {"shown": SHOWN, "reset": "This year", "no_end": NO_END}
    send_name = ""

    @property
    def account(self) -> Account:
        raise NotImplementedError

    def sent(self) -> Any:
        """The statements that were sent, the latest first."""
        raise NotImplementedError

    def get_actions(self) -> list[Action]:
        days = f"?{urlencode(self.asked())}" if self.report else ""
        url = f"{reverse(self.send_name, kwargs=self.kwargs)}{days}"
        refusal = reason(refusal_to_send(self.account))
        return [Action("Send by mail", url, refusal, "prepaid.send_statements", primary=True)]

    def defaults(self) -> dict[str, Any]:
        return {"first": self.today.replace(month=1, day=1), "last": self.today}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {"sent": self.sent()[:SHOWN], "zone": company_time_zone(), "account": self.account}
        return super().get_context_data(**more, **kwargs)

    def lines(self) -> Iterator[list]:
        yield HEADER
        for section in self.report.sections:
            yield from _lines(self.report, section)

    def document_data(self) -> dict[str, Any]:
        return document_data(self.report)


class ServiceStatement(StatementPage):
    send_name = "prepaid:statement-send"

    @cached_property
    def service(self) -> PrepaidService:
        return get_object_or_404(PrepaidService.objects.select_related("account", "currency"), pk=self.kwargs["pk"])

    @property
    def account(self) -> Account:
        return self.service.account

    @property
    def file_name(self) -> str:  # type: ignore[override]
        return f"prepaid-statement-{self.service.number}"

    def get_breadcrumb(self) -> list[Crumb]:
        listed = Crumb("Prepaid services", reverse("prepaid:service-list"))
        return [listed, Crumb(str(self.service), self.service.get_absolute_url())]

    def read(self, **asked: Any) -> Statement:
        return statement_of_service(self.service, **asked)

    def sent(self) -> Any:
        return mails().filter(service=self.service)


class AccountStatement(StatementPage):
    """Of every service of the account that has something to tell."""

    send_name = "prepaid:account-statement-send"
    empty = "Nothing was paid for in advance up to this day. The statement begins with the first top-up."

    @cached_property
    def account(self) -> Account:
        return get_object_or_404(Account, pk=self.kwargs["pk"])

    @property
    def file_name(self) -> str:  # type: ignore[override]
        return f"prepaid-statement-{self.account.number}"

    def get_breadcrumb(self) -> list[Crumb]:
        listed = Crumb("Accounts", reverse("opportunities:account-list"))
        return [listed, Crumb(str(self.account), self.account.get_absolute_url())]

    def read(self, **asked: Any) -> Statement:
        return statement_of_account(self.account, **asked)

    def sent(self) -> Any:
        return mails().filter(account=self.account)


def mails() -> Any:
    """Without the files themselves."""
    return StatementMail.objects.select_related("service", "sent_by").defer("file")


def _lines(report: Statement, section: Section) -> Iterator[list]:
    """Opening balance, movements, closing balance, and what it consists of by the last day of use."""
    service = section.service
    unit = section.currency.code if service.is_amount and section.currency else service.unit_of_measure
    names = [exports.safe(service.number), exports.safe(service.description), exports.safe(unit)]
    nothing = Units()

    def line(said: list, came: Units, went: Units, balance: Units) -> list:
        counts = [_count(section, each) or "" for each in (came, went)]
        lcy = [round_to(each.amount_lcy, report.lcy.decimals) for each in (came, went, balance)]
        in_lcy = [lcy[0] or "", lcy[1] or "", lcy[2]] if service.is_amount else ["", "", ""]
        return [*names, *said, *counts, _count(section, balance), *in_lcy]

    yield line([report.first, "Opening balance", "", "", ""], nothing, nothing, section.opening)
    for row in section.rows:
        moved = (row.moved, nothing) if row.came_in else (nothing, nothing - row.moved)
        yield line(_said(row), *moved, row.balance)
    yield line([report.last, "Closing balance", "", "", ""], section.came, section.went, section.closing)
    for left in section.left:
        yield line([report.last, "Left", "", "", left.valid_until or NO_END], nothing, nothing, left.left)


def _said(row: Row) -> list:
    entry = row.entry
    document = exports.safe(document_of(entry))
    return [entry.posted_on, row.what, document, str(entry), until_of(row)]


def _count(section: Section, units: Units) -> Decimal:
    if not section.service.is_amount:
        return units.quantity
    return round_to(units.amount, section.currency.decimals if section.currency else 0)
