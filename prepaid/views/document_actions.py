"""The verbs of a sales document, each with its preview: post, release, reopen, delete."""

from django.urls import reverse

from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage
from prepaid.models import SalesDocument
from prepaid.previews import documents as previews
from prepaid.views.document_entry import ABOVE, RELATED, WRITE


class DocumentAction(ActionPage):
    above = ABOVE
    permission_required = WRITE
    queryset = SalesDocument.objects.select_related(*RELATED)
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object.get_type_display().lower()} {self.object}"


class PostDocument(DocumentAction):
    """Entries, journal and balance lines are written, under a number without gaps; nothing of it changes any more."""

    permission_required = "prepaid.post_documents"
    verb = "Post"
    success_message = "It is posted."

    def run(self, form: PageForm) -> Preview:
        return previews.post_and_describe(self.object, actor=self.request.user)


class ReleaseDocument(DocumentAction):
    """Header and lines are fixed until it is reopened."""

    verb = "Release"
    success_message = "It is released."

    def run(self, form: PageForm) -> Preview:
        return previews.release_and_describe(self.object, actor=self.request.user)


class ReopenDocument(DocumentAction):
    verb = "Reopen"
    success_message = "It is open again."

    def run(self, form: PageForm) -> Preview:
        return previews.reopen_and_describe(self.object, actor=self.request.user)


class DeleteDocument(DocumentAction):
    """Of one that was not posted."""

    verb = "Delete"
    success_message = "It is deleted."

    def run(self, form: PageForm) -> Preview:
        return previews.delete_and_describe(self.object, actor=self.request.user)

    def get_success_url(self) -> str:
        return reverse(ABOVE[1])
