"""A data export of Certinia PSA: brought, looked at, imported; and written again."""

import tempfile
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.generic import View

from credits.certinia.exporting import zipped_export
from credits.certinia.files import by_object, packed, unpacked
from credits.certinia.importing import import_export
from credits.certinia.objects import ACCOUNTS, MILESTONES, PURCHASES, RATES_NAME, rate_columns
from credits.forms.certinia import ExportFilesForm
from credits.previews.certinia import described
from ledger.dates import business_date, ledger_setup
from ledger.services.posting import recording
from pages.models import Upload
from pages.preview import Preview
from pages.views import Page, ReviewPage, UploadPage

ABOVE = ("Purchases", "credits:purchase-list")
KIND = "certinia"
MOST_LINES = 10_000  # that somebody can wait for


class CertiniaImport(UploadPage):
    permission_required = "credits.import_certinia"
    above = ABOVE
    title = "Import from Certinia"
    lead = "Accounts, purchases and milestones of a data export, with the exchange rates of their days. What is stored stays."
    form_class = ExportFilesForm
    template_name = "credits/certinia_upload.html"
    success_message = "The files are here. Nothing is imported yet."
    kind = KIND
    review = "credits:certinia-import-review"

    def save(self, form: Any) -> Upload:
        files = form.cleaned_data["export"]
        names = ", ".join(name for name, _ in files)[:255]
        return Upload.objects.create(user=self.request.user, kind=self.kind, file_name=names, content=packed(files))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rates = (RATES_NAME, rate_columns(ledger_setup().lcy_id))
        tables = [rates, *((about.name, about.columns) for about in (ACCOUNTS, PURCHASES, MILESTONES))]
        return super().get_context_data(tables=tables, **kwargs)


class CertiniaReview(ReviewPage):
    permission_required = "credits.import_certinia"
    above = ABOVE
    title = "Import from Certinia"
    lead = "All of the export is imported, or nothing of it."
    kind = KIND
    upload = "credits:certinia-import"

    def run(self, form: Any) -> Preview:
        files = by_object(unpacked(bytes(self.object.content)))
        with recording() as entries:
            self.imported = import_export(files, actor=self.request.user, most_lines=MOST_LINES)
        return described(self.imported, entries)

    def get_success_message(self, preview: Preview) -> str:
        return self.imported.said


class CertiniaExport(Page, View):
    """The archive itself: whoever may see all of it may take it along."""

    permission_required = (
        "credits.view_purchase",
        "credits.view_milestone",
        "opportunities.view_account",
        "ledger.view_exchangerate",
    )
    title = "Export"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it when it is sent)
        zipped_export(file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"export-{business_date():%Y-%m-%d}.zip")
