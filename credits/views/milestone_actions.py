"""The actions on a milestone, each with its preview: credits, completion, reopening."""

from credits.actions.milestones import breadcrumb_of, held_back_url
from credits.forms.milestones import CompleteForm, ReopenForm, TotalForm
from credits.models import Milestone
from credits.previews.allocation import set_total
from credits.previews.completion import complete_and_describe, reopen_and_describe
from credits.reports.drawing_order import drawing_order_for
from credits.reports.holdings import soon_days
from credits.services.pick import refusal_to_pick
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
    panel_template_name = "credits/manage_preview.html"
    wide = True

    def get_title(self):
        return "Manage Services Credits"

    def get_initial(self):
        return {"total": self.object.credits_needed or 0}

    def run(self, form):
        return set_total(self.object, total=form.cleaned_data["total"], actor=self.request.user, on=form.day)

    def panel_context(self, form):
        on, total = form.day, self.object.credits_needed or 0
        total = getattr(form, "cleaned_data", {}).get("total", total)
        lots = drawing_order_for(self.object, total, on)
        held = [(each, held_back_url(self.object.project, each.reason, on)) for each in lots.held_back]
        late = on != business_date(self.request)
        return {"lots": lots, "held": held, "total": total, "on": on, "late": late, "soon": soon_days()}

    def get_context_data(self, **kwargs):
        return super().get_context_data(by_hand=not refusal_to_pick(), **kwargs)

    def get_success_message(self, preview):
        return f"{preview.confirm_label}: done."


class CompleteMilestone(MilestoneAction):
    form_class = CompleteForm
    verb = "Complete"

    def get_initial(self):
        """What an import claims is proposed."""
        return {"actual_on": self.object.claimed_on} if self.object.claimed_on else {}

    def run(self, form):
        return complete_and_describe(self.object, actual_on=form.cleaned_data["actual_on"], actor=self.request.user)

    def get_success_message(self, preview):
        if preview.posted_later:
            return "The milestone is completed. Its revenue is posted by the next night."
        return f"The milestone is completed{' and its revenue is posted' if preview.postings else ''}."


class ReopenMilestone(MilestoneAction):
    form_class = ReopenForm
    verb = "Reopen"
    success_message = "The milestone is open again: its credits can be adjusted."

    def run(self, form):
        return reopen_and_describe(self.object, reason=form.cleaned_data["reason"], actor=self.request.user)
