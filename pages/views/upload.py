"""Bringing in a file, in two steps: it is kept, then what it would do is shown and confirmed.

    class RateImport(UploadPage):
        permission_required = (...)
        above = ("Exchange rates", "ledger:rate-list")
        title = "Import exchange rates"
        kind = "rates"                                   # what the file is for; a ReviewPage opens its own kind only
        review = "ledger:rate-import-review"             # the address of the second step
        columns = COLUMNS                                # said beside the form

    class RateImportReview(ReviewPage):                  # an ActionPage without a form
        permission_required, above, title, kind = ...
        upload = "ledger:rate-import"                    # where another file is brought

        def run(self, form) -> Preview:                  # calls ONE service with self.object.content
            return described(import_rates(bytes(self.object.content), file_name=..., actor=...))

All or nothing: where anything in the file is refused (`pages.imports.FileRefused`), all of it is listed by line and
column, and there is nothing to confirm. Whoever brought the file is the only one who can open it.
"""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from pages.models import Upload
from pages.refusals import Refused
from pages.uploads import UploadForm
from pages.views.action import ActionPage
from pages.views.form import FormPage


class UploadPage(FormPage):
    template_name = "pages/upload.html"
    form_class: type = UploadForm
    submit_label = "Show what it would do"
    success_message = "The file is here. Nothing is imported yet."
    kind = ""
    review = ""
    columns: tuple[str, ...] = ()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"files": self.request.FILES if self.request.method == "POST" else None}

    def save(self, form: Any) -> Upload:
        file = form.cleaned_data["file"]
        return Upload.objects.create(user=self.request.user, kind=self.kind, file_name=file.name, content=file.read())

    def get_success_url(self, saved: Upload) -> str:
        return reverse(self.review, args=[saved.pk])


class ReviewPage(ActionPage):
    template_name = "pages/review.html"
    model = Upload
    kind = ""
    upload = ""

    def get_queryset(self) -> QuerySet[Upload]:
        return Upload.objects.filter(user=self.request.user, kind=self.kind)

    def get_upload_url(self) -> str:
        return reverse(self.upload)

    def refused(self, form: Any, refused: Refused) -> dict[str, Any]:
        """There is no field to put it at: what stands against the file is listed in the panel."""
        return {"refused": refused}
