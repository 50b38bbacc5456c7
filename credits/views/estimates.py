"""Breakage estimates: what share of each product group's credits is expected to stay unused, proposed and approved."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from credits.forms.estimates import EstimateForm
from credits.models import BreakageEstimate
from credits.previews import estimates as previews
from credits.reports.estimates import estimates
from credits.services.estimates import propose_estimate
from credits.tables.estimates import EstimateTable
from pages.clock import business_date
from pages.elements import Action
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, FormPage, ListPage

PROPOSE, APPROVE = "credits.propose_estimate", "credits.approve_correction"
ABOVE = ("Breakage estimates", "credits:estimate-list")


class EstimateList(ListPage):
    permission_required = "credits.view_breakageestimate"
    title = ABOVE[0]
    lead = (
        "What share of the credits customers leave unused. It is recognised as breakage in proportion to what they use."
    )
    table_class = EstimateTable
    currency = None
    empty = (
        "Without an estimate breakage is recognised when credits expire. Where enough history shows how many stay unused, "
        "propose one."
    )

    def get_queryset(self) -> QuerySet[BreakageEstimate]:
        return estimates(business_date(self.request))

    def get_actions(self) -> list[Action]:
        return [Action("Propose an estimate", reverse("credits:estimate-create"), permission=PROPOSE, primary=True)]


class EstimatePropose(FormPage):
    above = ABOVE
    permission_required = PROPOSE
    form_class = EstimateForm
    title = "Propose a breakage estimate"
    submit_label = "Propose"
    success_message = "The estimate is proposed. It holds once somebody else has approved it."

    def get_initial(self) -> dict[str, Any]:
        return {"effective_on": business_date(self.request)}

    def save(self, form: EstimateForm) -> BreakageEstimate:
        return propose_estimate(**form.cleaned_data, actor=self.request.user)


class EstimateAction(ActionPage):
    above = ABOVE
    queryset = BreakageEstimate.objects.select_related("product_group", "proposed_by")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} the breakage estimate of {self.object.product_group}"

    def get_success_url(self) -> str:
        return reverse(ABOVE[1])


class ApproveEstimate(EstimateAction):
    """In force from its effective date on; the night catches up the lots."""

    permission_required = APPROVE
    verb = "Approve"
    success_message = "The estimate is approved. The night brings every purchase of its group up to it."

    def run(self, form: PageForm) -> Preview:
        return previews.approve_and_describe(self.object, actor=self.request.user, on=business_date(self.request))


class WithdrawEstimate(EstimateAction):
    permission_required = PROPOSE
    verb = "Withdraw"
    success_message = "The proposal is withdrawn."

    def run(self, form: PageForm) -> Preview:
        return previews.withdraw_and_describe(self.object, actor=self.request.user)
