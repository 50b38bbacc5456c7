"""Prepaid services and opening balances from a file: brought, looked at, imported; and written again."""

import tempfile
from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.generic import View
from openpyxl import Workbook

from ledger.dates import business_date
from ledger.services.posting import recording
from pages.exports import XLSX_TYPE, exact, new_sheet
from pages.preview import Link, Preview
from pages.views import Page, ReviewPage, UploadPage
from prepaid.previews.imports import balances_described, services_described
from prepaid.reports.import_file import sheets
from prepaid.services.import_balances import import_balances
from prepaid.services.import_columns import (
    BALANCE_COLUMNS,
    MORE_BALANCE_COLUMNS,
    MORE_SERVICE_COLUMNS,
    SERVICE_COLUMNS,
)
from prepaid.services.import_services import import_services

ABOVE = ("Prepaid services", "prepaid:service-list")
MANAGE, ENTER = "prepaid.manage_services", "prepaid.create_entries"
ALL_OR_NOTHING = "All of the file is imported, or nothing of it."


class ServiceImport(UploadPage):
    permission_required = MANAGE
    template_name = "prepaid/import_upload.html"
    above = ABOVE
    title = "Import prepaid services"
    lead = "Cards under the captions of Business Central. A number that is there with the same card is left as it is."
    kind = "prepaid-services"
    review = "prepaid:service-import-review"
    columns, more = SERVICE_COLUMNS, MORE_SERVICE_COLUMNS
    note = (
        "Accrual is One-time or Periodic, Type is Amount or Quantity, Closed is Yes or No. Customer Name and the amounts and"
        " quantities that the list of Business Central shows may be there: they are not read."
    )


class ServiceImportReview(ReviewPage):
    permission_required = MANAGE
    above = ABOVE
    title = "Import prepaid services"
    lead = ALL_OR_NOTHING
    kind = "prepaid-services"
    upload = "prepaid:service-import"

    def run(self, form: Any) -> Preview:
        brought = {"file_name": self.object.file_name, "actor": self.request.user}
        self.imported = import_services(bytes(self.object.content), **brought)
        return services_described(self.imported, [Link("Prepaid services", reverse("prepaid:service-list"))])

    def get_success_message(self, preview: Preview) -> str:
        return self.imported.said


class BalanceImport(UploadPage):
    permission_required = ENTER
    template_name = "prepaid/import_upload.html"
    above = ABOVE
    title = "Import opening balances"
    lead = (
        "What each service had left when it came here, posted at once or, above the thresholds of the setup, when somebody"
        " else approves it. Its service has to be there: import that first."
    )
    kind = "opening-balances"
    review = "prepaid:balance-import-review"
    columns, more = BALANCE_COLUMNS, MORE_BALANCE_COLUMNS
    note = (
        "An amount or a quantity, as the service is kept. Without Bal. Account No. nothing is posted to the books;"
        " with it, Gen. Prod. Posting Group finds the accounts of its later use and expiry."
        " Each document no. of a service is imported once."
    )


class BalanceImportReview(ReviewPage):
    permission_required = ENTER
    above = ABOVE
    title = "Import opening balances"
    lead = ALL_OR_NOTHING
    kind = "opening-balances"
    upload = "prepaid:balance-import"

    def run(self, form: Any) -> Preview:
        brought = {"file_name": self.object.file_name, "actor": self.request.user}
        with recording() as entries:
            self.imported = import_balances(bytes(self.object.content), **brought)
        made = [Link("Ledger entries", reverse("prepaid:entry-list"))]
        if self.imported.waiting:
            waiting = f"{reverse('prepaid:entry-request-list')}?state=requested"
            made.append(Link("Entries that wait for approval", waiting))
        return balances_described(self.imported, entries, made, actor=self.request.user)

    def get_success_message(self, preview: Preview) -> str:
        return self.imported.said


class ServiceExport(Page, View):
    """A workbook with both sheets, which both imports find unchanged."""

    permission_required = ("prepaid.view_prepaidservice", "prepaid.view_entryrequest")
    title = "Export"

    @transaction.atomic
    def get(self, request: HttpRequest) -> HttpResponseBase:
        book = Workbook(write_only=True)
        for name, rows in sheets():
            sheet = new_sheet(book, name, next(rows))
            for row in rows:
                sheet.append([exact(cell) for cell in row])
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it when it is sent)
        book.save(file)
        file.seek(0)
        name = f"prepaid-services-{business_date():%Y-%m-%d}.xlsx"
        return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX_TYPE)
