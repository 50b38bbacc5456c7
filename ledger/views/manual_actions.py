"""The steps of one manual entry, each with its preview: submit, approve, send back, post, delete."""

from typing import Any

from django.urls import reverse

from ledger.actions.manual import APPROVE, WRITE
from ledger.forms.manual import SendBackForm, SubmitForm
from ledger.models import ManualEntry
from ledger.previews import manual as previews
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage


class ManualEntryAction(ActionPage):
    above = ("Manual entries", "ledger:manual-entry-list")
    permission_required: str | tuple[str, ...] = WRITE
    queryset = ManualEntry.objects.select_related("currency", "entry")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {str(self.object).lower()}"


class SubmitManualEntry(ManualEntryAction):
    """Asks for approval; it stays as it is from now on."""

    verb = "Submit"
    form_class = SubmitForm
    success_message = "The entry is submitted. Somebody who had no hand in it has to approve it."

    def get_initial(self) -> dict[str, Any]:
        return {"reason": self.object.reason}

    def run(self, form: SubmitForm) -> Preview:
        return previews.submit_and_describe(self.object, actor=self.request.user, **form.cleaned_data)


class ApproveManualEntry(ManualEntryAction):
    permission_required = APPROVE
    verb = "Approve"
    success_message = "The entry is approved and can be posted."

    def run(self, form: PageForm) -> Preview:
        return previews.approve_and_describe(self.object, actor=self.request.user)


class SendBackManualEntry(ManualEntryAction):
    """Makes it a draft again, by whoever may draft or approve."""

    verb = "Send back"
    form_class = SendBackForm
    success_message = "The entry is a draft again."

    def has_permission(self) -> bool:
        user = self.request.user
        return user.is_authenticated and (user.has_perm(WRITE) or user.has_perm(APPROVE))

    def run(self, form: SendBackForm) -> Preview:
        return previews.send_back_and_describe(self.object, actor=self.request.user, **form.cleaned_data)


class PostManualEntry(ManualEntryAction):
    verb = "Post"
    success_message = "The entry is posted."

    def run(self, form: PageForm) -> Preview:
        return previews.post_and_describe(self.object, actor=self.request.user)


class DeleteManualEntry(ManualEntryAction):
    verb = "Delete"
    success_message = "The draft is deleted."

    def run(self, form: PageForm) -> Preview:
        return previews.delete_and_describe(self.object, actor=self.request.user)

    def get_success_url(self) -> str:
        return reverse("ledger:manual-entry-list")
