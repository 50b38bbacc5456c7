"""The steps of an entry by hand, each with its preview: made on the card; approved, declined, withdrawn."""

from typing import Any

from ledger.dates import business_date
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage
from prepaid.actions.entries import APPROVE, CREATE
from prepaid.forms.entries import DeclineForm, EntryForm
from prepaid.models import EntryRequest, PrepaidService
from prepaid.models.requests import State
from prepaid.previews import entries as previews
from prepaid.services.manual import request_entry


class CreateEntry(ActionPage):
    """*Create Ledger Entry*. Leads to the card, or to the request where it waits."""

    above = ("Prepaid services", "prepaid:service-list")
    permission_required = CREATE
    queryset = PrepaidService.objects.select_related("account__currency", "currency")
    form_class = EntryForm
    title = "Create ledger entry"
    made: EntryRequest | None = None

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"service": self.object}

    def get_initial(self) -> dict[str, Any]:
        first = {"entry_type": EntryRequest.Type.POSITIVE, "posted_on": business_date()}
        return first | {"currency": self.object.account.currency}

    def run(self, form: EntryForm) -> Preview:
        service, actor = self.object, self.request.user
        self.made, preview = previews.request_and_describe(
            service, lambda: request_entry(service, form.terms(), actor=actor), actor=actor
        )
        return preview

    def get_success_url(self) -> str:
        waits = self.made is not None and self.made.state == State.REQUESTED
        return self.page_of(self.made if waits else self.object)

    def get_success_message(self, preview: Preview) -> str:
        if self.made is not None and self.made.state == State.REQUESTED:
            return "It waits for the approval of somebody else."
        return "The entry is posted."


class EntryAction(ActionPage):
    above = ("Entries by hand", "prepaid:entry-request-list")
    permission_required: str | tuple[str, ...] = APPROVE
    queryset = EntryRequest.objects.select_related("service__account", "service__currency", "requested_by")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object}"


class ApproveEntry(EntryAction):
    """Posts it."""

    verb = "Approve"
    success_message = "It is approved and posted."

    def run(self, form: PageForm) -> Preview:
        return previews.approve_and_describe(self.object, actor=self.request.user)


class DeclineEntry(EntryAction):
    verb = "Decline"
    form_class = DeclineForm
    success_message = "It is declined: nothing was changed or posted."

    def run(self, form: DeclineForm) -> Preview:
        return previews.decline_and_describe(self.object, actor=self.request.user, **form.cleaned_data)


class WithdrawEntry(EntryAction):
    permission_required = CREATE
    verb = "Withdraw"
    success_message = "It is withdrawn: nothing was changed or posted."

    def run(self, form: PageForm) -> Preview:
        return previews.withdraw_and_describe(self.object, actor=self.request.user)
