"""The steps of a correction, each with its preview: asked for on a purchase; approved, declined, withdrawn."""

from typing import Any

from credits.actions.corrections import APPROVE, ASK
from credits.forms.corrections import DeclineForm, RefundForm, ReinstateForm
from credits.models import Correction
from credits.previews import corrections as previews
from credits.services.corrections import request_refund, request_reinstatement
from credits.views.purchase_actions import PurchaseAction
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage


class RequestCorrection(PurchaseAction):
    """Asked for here, and carried out when somebody else approves it. Leads to the page of the request."""

    permission_required = ASK
    success_message = "It waits for the approval of somebody else."
    lead = "Nothing happens before a second person approves it."
    request_of: Any
    made: Correction | None = None

    def run(self, form: PageForm) -> Preview:
        who = {"actor": self.request.user}
        service = type(self).request_of
        self.made, preview = previews.request_and_describe(
            self.object, lambda: service(self.object, **form.cleaned_data, **who), **who
        )
        return preview

    def get_success_url(self) -> str:
        return self.page_of(self.made)


class RequestRefund(RequestCorrection):
    verb = "Cancel and refund credits of"
    form_class = RefundForm
    request_of = staticmethod(request_refund)

    def get_initial(self) -> dict[str, Any]:
        return {"credits": self.object.credits_available or None, "kept_percent": 0}


class RequestReinstatement(RequestCorrection):
    verb = "Reinstate"
    form_class = ReinstateForm
    request_of = staticmethod(request_reinstatement)


class CorrectionAction(ActionPage):
    above = ("Corrections", "credits:correction-list")
    permission_required: str | tuple[str, ...] = APPROVE
    queryset = Correction.objects.select_related("purchase__account", "purchase__currency", "requested_by")
    verb = ""

    def get_title(self) -> str:
        said = str(self.object)
        return f"{self.verb} {said[0].lower()}{said[1:]}"


class ApproveCorrection(CorrectionAction):
    """Carries it out, today."""

    verb = "Approve"
    success_message = "It is approved and carried out."

    def run(self, form: PageForm) -> Preview:
        return previews.approve_and_describe(self.object, actor=self.request.user)


class DeclineCorrection(CorrectionAction):
    verb = "Decline"
    form_class = DeclineForm
    success_message = "It is declined: nothing was changed or posted."

    def run(self, form: DeclineForm) -> Preview:
        return previews.decline_and_describe(self.object, actor=self.request.user, **form.cleaned_data)


class WithdrawCorrection(CorrectionAction):
    permission_required = ASK
    verb = "Withdraw"
    success_message = "It is withdrawn: nothing was changed or posted."

    def run(self, form: PageForm) -> Preview:
        return previews.withdraw_and_describe(self.object, actor=self.request.user)
