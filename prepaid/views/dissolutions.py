"""Residuals for review: the list, and what is done with those that are picked."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from pages.elements import Action
from pages.forms import PageForm
from pages.preview import Preview
from pages.tables import Table
from pages.views import ActionPage, ListPage
from prepaid.filters.dissolutions import DissolutionFilter
from prepaid.forms.expiry import ApproveResidualsForm
from prepaid.models import DissolutionProposal
from prepaid.previews import expiry as previews
from prepaid.reports.waiting import OF_RESIDUALS, residuals, residuals_waiting_for
from prepaid.tables.dissolutions import APPROVE, DissolutionTable
from prepaid.views.picked import picked

ABOVE = ("Residuals for review", "prepaid:dissolution-list")


class DissolutionList(ListPage):
    permission_required = "prepaid.view_dissolutionproposal"
    template_name = "prepaid/dissolution_list.html"
    title = "Residuals for review"
    filterset_class = DissolutionFilter
    table_class = DissolutionTable
    currency = None
    empty = (
        "Where the setup leaves expired residuals for review, they wait here. Entry and journal are written together when "
        "somebody else than who proposed it approves."
    )

    def get_queryset(self) -> QuerySet[DissolutionProposal]:
        return residuals()

    def get_table(self) -> Table:
        """With a tick for each row for whoever may approve."""
        table = super().get_table()
        if not self.request.user.has_perm(APPROVE):
            table.columns.hide("pick")
        return table

    def get_actions(self) -> list[Action]:
        waits = residuals_waiting_for(self.request.user).exists()
        reason = "" if waits else "Nothing that somebody else, or the night, has proposed waits."
        return [Action("Approve", reverse("prepaid:dissolution-approve"), reason, APPROVE, primary=True)]


class ApproveDissolutions(ActionPage):
    """Those of the address (`?proposal=17&proposal=18`), or else every one that waits for this person."""

    above = ABOVE
    permission_required = APPROVE
    form_class = ApproveResidualsForm
    title = "Approve residuals"
    success_message = "The residuals have lapsed, and are posted."
    wide = True

    def offered(self) -> QuerySet[DissolutionProposal]:
        asked = picked(self.request, "proposal")
        return residuals().filter(pk__in=asked) if asked else residuals_waiting_for(self.request.user)

    def get_initial(self) -> dict[str, Any]:
        return {"proposals": list(self.offered())}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"offered": self.offered()}

    def run(self, form: ApproveResidualsForm) -> Preview:
        return previews.approve_and_describe(list(form.cleaned_data["proposals"]), actor=self.request.user)

    def get_success_url(self) -> str:
        return reverse(ABOVE[1])


class DismissDissolution(ActionPage):
    """It leaves the list; nothing lapses by it."""

    above = ABOVE
    permission_required = APPROVE
    queryset = DissolutionProposal.objects.select_related(*OF_RESIDUALS)
    success_message = "It is dismissed: nothing was changed or posted."

    def get_title(self) -> str:
        return f"Dismiss {str(self.object).lower()[:1]}{str(self.object)[1:]}"

    def run(self, form: PageForm) -> Preview:
        return previews.dismiss_and_describe(self.object, actor=self.request.user)
