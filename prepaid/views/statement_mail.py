"""Sending a statement to its customer, and the file as it was sent."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import View

from ledger.dates import business_date
from opportunities.models import Account
from pages.elements import Crumb
from pages.pdf import PDF_TYPE
from pages.views import FormPage
from pages.views.page import Allowed
from prepaid.forms.statement import StatementForm
from prepaid.models import PrepaidService, StatementMail
from prepaid.services.statement_mail import file_name, refusal_to_send, send_statement


class SendStatement(FormPage):
    """The statement as PDF, to the address of the account. What was sent is kept."""

    permission_required = "prepaid.send_statements"
    form_class = StatementForm
    title = "Send statement of prepaid services"
    submit_label = "Send statement"
    success_message = "The statement is sent."
    statement_name = ""

    @property
    def account(self) -> Account:
        return self.object

    @property
    def lead(self) -> str:  # type: ignore[override]
        if refusal := refusal_to_send(self.account):
            return refusal.message
        return f"Goes to {self.account.email}, with every movement of these days as PDF."

    def get_initial(self) -> dict[str, Any]:
        """The days of the statement that it was asked for from."""
        today = business_date()
        asked = StatementForm(self.request.GET)
        return asked.cleaned_data if asked.is_valid() else {"first": today.replace(month=1, day=1), "last": today}

    def get_breadcrumb(self) -> list[Crumb]:
        return [*super().get_breadcrumb(), Crumb("Statement", self.get_success_url(None))]

    def get_success_url(self, saved: Any) -> str:
        return reverse(self.statement_name, args=[self.object.pk])

    def get_cancel_url(self) -> str:
        return self.get_success_url(None)


class SendServiceStatement(SendStatement):
    above = ("Prepaid services", "prepaid:service-list")
    queryset = PrepaidService.objects.select_related("account")
    statement_name = "prepaid:statement"

    @property
    def account(self) -> Account:
        return self.object.account

    def save(self, form: StatementForm) -> StatementMail:
        who = {"service": self.object, "actor": self.request.user}
        return send_statement(self.account, **form.cleaned_data, **who)


class SendAccountStatement(SendStatement):
    above = ("Accounts", "opportunities:account-list")
    queryset = Account.objects.all()
    statement_name = "prepaid:account-statement"

    def save(self, form: StatementForm) -> StatementMail:
        return send_statement(self.account, **form.cleaned_data, actor=self.request.user)


class SentStatement(Allowed, View):
    """The PDF as it was sent."""

    permission_required = "prepaid.view_statementmail"

    def get(self, request: Any, pk: int) -> HttpResponse:
        record = get_object_or_404(StatementMail.objects.select_related("service", "account"), pk=pk)
        response = HttpResponse(bytes(record.file), content_type=PDF_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{file_name(record)}.pdf"'
        return response
