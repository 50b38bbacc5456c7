"""A data export of Certinia PSA: brought, looked at, imported; and written again.

More than somebody can wait for is read by a worker: bringing it asks for a job, which leads on to the review when it is done;
confirming asks for another.
"""

import tempfile
from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.generic import View

from credits.certinia import jobs
from credits.certinia.exporting import zipped_export
from credits.certinia.files import by_object, lines_in, packed, unpacked
from credits.certinia.importing import import_export
from credits.certinia.objects import ACCOUNTS, MILESTONES, PRODUCT_GROUP, PURCHASES, RATES_NAME, rate_columns
from credits.certinia.setup import dimension_columns
from credits.forms.certinia import ExportFilesForm
from credits.previews.certinia import described
from ledger.dates import business_date, ledger_setup
from ledger.services.posting import recording
from pages.models import Upload
from pages.preview import Preview
from pages.views import Page, ReviewPage, UploadPage
from pages.views.action import Stale

ABOVE = ("Purchases", "credits:purchase-list")
KIND = "certinia"


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
        upload = Upload.objects.create(user=self.request.user, kind=self.kind, file_name=names, content=packed(files))
        self.rehearsal = jobs.request_rehearsal(upload) if lines_in(by_object(files)) > jobs.MOST_LINES else None
        return upload

    def get_success_url(self, saved: Upload) -> str:
        return self.rehearsal.get_absolute_url() if self.rehearsal else super().get_success_url(saved)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rates = (RATES_NAME, rate_columns(ledger_setup().lcy_id))
        tables = [rates, *((about.name, about.columns) for about in (ACCOUNTS, PURCHASES, MILESTONES))]
        extra = [PRODUCT_GROUP, *dimension_columns().values()]
        return super().get_context_data(tables=tables, extra=extra, **kwargs)


class CertiniaReview(ReviewPage):
    permission_required = "credits.import_certinia"
    above = ABOVE
    title = "Import from Certinia"
    lead = "All of the export is imported, or nothing of it."
    kind = KIND
    upload = "credits:certinia-import"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.led_back() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.led_back() or super().post(request, *args, **kwargs)

    def led_back(self) -> HttpResponse | None:
        """To the job that has the export in hand, or that refused it."""
        job = jobs.job_in_hand(self.get_object())
        return HttpResponseRedirect(job.get_absolute_url()) if job else None

    def run(self, form: Any) -> Preview:
        files = by_object(unpacked(bytes(self.object.content)))
        with recording() as entries:
            self.imported = import_export(files, actor=self.request.user)
        return described(self.imported, entries)

    def rehearsed(self, form: Any) -> dict[str, Any]:
        """What a worker rehearsed is shown, and not rehearsed again while somebody waits."""
        rehearsal = jobs.rehearsal_of(self.object)
        return {"preview": jobs.shown_by(rehearsal)} if rehearsal else super().rehearsed(form)

    def carry_out(self, form: Any, seen: str) -> HttpResponse:
        rehearsal = jobs.rehearsal_of(self.object)
        return self.hand_over(jobs.shown_by(rehearsal), seen) if rehearsal else super().carry_out(form, seen)

    @transaction.atomic
    def hand_over(self, shown: Preview, seen: str) -> HttpResponse:
        submission = self.submission()
        if not submission.url:
            if shown.fingerprint != seen:
                raise Stale(shown)
            submission.lead_to(jobs.request_import(self.object, shown).get_absolute_url())
        return HttpResponseRedirect(submission.url)

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
