"""Allocating credits to many milestones of a project at once."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from credits.actions.milestones import held_back_url
from credits.forms.project_milestones import MOST_AT_ONCE, AllocateManyForm
from credits.jobs import request_allocation
from credits.previews.allocation_many import allocate_and_describe, plan_and_describe
from credits.reports.project_milestones import proposed, table
from opportunities.models import Project
from pages.elements import Crumb
from pages.preview import Preview
from pages.refusals import Refused
from pages.views import ActionPage
from pages.views.action import Stale

BY_WORKER = (
    f"These are more than {MOST_AT_ONCE} milestones: a worker allocates them, and its page says how far it is. What is "
    "posted, where the setup recognises revenue on allocation, is shown there too."
)


class AllocateProject(ActionPage):
    """One row for each open milestone that misses credits, and what it would get. Books: as for every allocation; more than
    somebody can wait for are allocated by a worker."""

    permission_required = "credits.allocate_credits"
    queryset = Project.objects.select_related("account", "currency")
    template_name = "credits/allocate_many.html"
    panel_template_name = "credits/allocate_many_panel.html"
    form_class = AllocateManyForm
    title = "Allocate credits"
    wide = True

    def get_breadcrumb(self) -> list[Crumb]:
        projects = Crumb("Projects", reverse("opportunities:project-list"))
        return [projects, Crumb(str(self.object), self.object.get_absolute_url())]

    def get_initial(self) -> dict[str, Any]:
        return {"milestones": proposed(self.object)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"project": self.object}

    def run(self, form: AllocateManyForm) -> Preview:
        return allocate_and_describe(self.object, **form.asked, actor=self.request.user)[0]

    def rehearsed(self, form: AllocateManyForm) -> dict[str, Any]:
        """What takes long is foreseen, and not done and taken back while somebody waits."""
        if not form.takes_long:
            return super().rehearsed(form)
        try:
            return {"preview": by_worker(plan_and_describe(self.object, **form.asked))}
        except Refused as refused:
            return {"refused": refused}

    def carry_out(self, form: AllocateManyForm, seen: str) -> HttpResponse:
        return self.hand_over(form, seen) if form.takes_long else super().carry_out(form, seen)

    @transaction.atomic
    def hand_over(self, form: AllocateManyForm, seen: str) -> HttpResponse:
        submission = self.submission()
        if not submission.url:
            plan = plan_and_describe(self.object, **form.asked)
            if (shown := by_worker(plan)).fingerprint != seen:
                raise Stale(shown)
            asked = {"fingerprint": plan.fingerprint, "token": str(submission.token), "by": self.request.user}
            submission.lead_to(request_allocation(self.object, form.asked, **asked).get_absolute_url())
        return HttpResponseRedirect(submission.url)

    def panel_context(self, form: AllocateManyForm) -> dict[str, Any]:
        project, on = self.object, form.day
        shown = table(project, form.chosen, on, fitting=bool(form["fitting"].value()))
        held = [(each, held_back_url(project, each.reason, on)) for each in shown.held_back]
        return {"table": shown, "held": held, "on": on}

    def get_success_message(self, preview: Preview) -> str:
        return f"{preview.confirm_label}: done."


def by_worker(plan: Preview) -> Preview:
    return replace(plan, warnings=[BY_WORKER])
