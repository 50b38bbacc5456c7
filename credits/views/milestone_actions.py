"""The actions on a milestone, each with its preview: credits, completion, reopening."""

from typing import Any

from django.db import transaction

from credits.actions.milestones import breadcrumb_of, held_back_url
from credits.forms.milestones import CompleteForm, ReopenForm, TotalForm
from credits.models import Milestone
from credits.previews.allocation import set_total
from credits.previews.completion import complete_and_describe, reopen_and_describe
from credits.reports.drawing_order import drawing_order_for
from pages import receipts
from pages.clock import business_date
from pages.elements import Crumb
from pages.views import ActionPage


class MilestoneAction(ActionPage):
    permission_required = "credits.allocate_credits"
    queryset = Milestone.objects.select_related("project__account", "project__currency")
    verb = ""

    def get_title(self):
        return f"{self.verb} {self.object}"

    def get_breadcrumb(self):
        return [*breadcrumb_of(self.object), Crumb(self.object.number, self.object.get_absolute_url())]


class ManageCredits(MilestoneAction):
    """Manage Services Credits: allocates the first time, adjusts later."""

    form_class = TotalForm
    template_name = "credits/manage_credits.html"
    wide = True

    def get_title(self):
        return "Manage Services Credits"

    def get_initial(self):
        return {"total": self.object.credits_needed or 0}

    def run(self, form):
        return set_total(self.object, total=form.cleaned_data["total"], actor=self.request.user)

    def preview(self, form):
        """The lots follow the number that is typed, together with the panel."""
        response: Any = super().preview(form)
        response.template_name = "credits/manage_preview.html"
        return response

    def get_context_data(self, **kwargs):
        form, on = kwargs["form"], business_date(self.request)
        total = getattr(form, "cleaned_data", {}).get("total", self.object.credits_needed or 0)
        lots = drawing_order_for(self.object, total, on)
        held = [(each, held_back_url(self.object.project, each.reason, on)) for each in lots.held_back]
        return super().get_context_data(lots=lots, held=held, total=total, on=on, **kwargs)

    def get_success_message(self, preview):
        return f"{preview.confirm_label}: done."


class CompleteMilestone(MilestoneAction):
    form_class = CompleteForm
    verb = "Complete"
    success_message = "The milestone is completed. Its revenue is posted by the next night."

    def run(self, form):
        return complete_and_describe(self.object, actual_on=form.cleaned_data["actual_on"], actor=self.request.user)

    @transaction.atomic
    def carry_out(self, form, seen):
        response = super().carry_out(form, seen)
        # The lines of the panel are the night's, so the receipt does not call them posted.
        if kept := self.request.session.get(receipts.KEY):
            kept["postings"] = []
        return response


class ReopenMilestone(MilestoneAction):
    form_class = ReopenForm
    verb = "Reopen"
    success_message = "The milestone is open again: its credits can be adjusted."

    def run(self, form):
        return reopen_and_describe(self.object, reason=form.cleaned_data["reason"], actor=self.request.user)
