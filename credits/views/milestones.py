"""The list of milestones, the page of one, and the forms that make and edit it."""

from django.db.models import Sum
from django.urls import reverse

from credits.actions.milestones import actions_of, breadcrumb_of, figures_of, locked_fields
from credits.filters.milestones import MilestoneFilter
from credits.forms.milestones import MilestoneForm
from credits.models import Milestone
from credits.previews.completion import coming_revenue
from credits.reports.milestones import TONES, milestones
from credits.reports.revenue import WHEN, recognised_on_allocation, recognition_of, revenue_told
from credits.services.edit_milestone import create_milestone, edit_milestone
from credits.tables.milestones import MilestoneTable, state_label
from ledger.dates import company_time_zone
from ledger.reports.journal import entries_of
from ledger.views.journal import newest
from opportunities.models import Project
from opportunities.views.named import asked
from pages.clock import business_date
from pages.elements import Action, Badge, Crumb, Tab, Total
from pages.views import DetailPage, FormPage, ListPage


class MilestoneList(ListPage):
    permission_required = "credits.view_milestone"
    title = "Milestones"
    filterset_class = MilestoneFilter
    table_class = MilestoneTable
    empty = "A milestone is a piece of a project. With a number of services credits in it, it is paid by credits."
    totals = (
        Total("Needed", "credits_needed", kind="credits"),
        Total("Allocated", "credits_allocated", kind="credits"),
        Total("Amount", "amount"),
    )
    currency = "project__currency"

    def get_queryset(self):
        return milestones()

    def get_actions(self):
        url = reverse("credits:milestone-create")
        return [Action("New milestone", url, primary=True, permission="credits.manage_milestones")]


class MilestonePage(DetailPage):
    permission_required = "credits.view_milestone"
    slot = "milestone"
    tabs = (
        Tab("overview", "Overview", "credits/milestone_overview.html"),
        Tab("consumptions", "Consumptions", "credits/milestone_consumptions.html", "credits.view_consumption"),
        Tab("journal", "Journal", "credits/milestone_journal.html", "ledger.view_journalentry"),
        Tab("completions", "History of completions", "credits/milestone_completions.html"),
    )

    def get_queryset(self):
        return milestones()

    def get_badge(self):
        return Badge(state_label(self.object), TONES[self.object.state])

    def get_breadcrumb(self):
        return breadcrumb_of(self.object)

    def get_figures(self):
        return figures_of(self.object, business_date(self.request))

    def get_actions(self):
        return actions_of(self.object)

    def tab_overview(self):
        standing = self.object.completions.filter(reopened_at=None).select_related("completed_by").first()
        unearned = standing is not None and standing.earned_on is None
        [told] = self.with_revenue([standing]) if standing else [None]
        return {"completion": told, "when": self.when(), "coming": coming_revenue(self.object) if unearned else None}

    def tab_consumptions(self):
        rows = self.object.consumptions.select_related("purchase", "created_by", "currency").order_by("id")
        return {"rows": rows, "sums": rows.aggregate(value=Sum("value_amount"), paid=Sum("paid_amount"))}

    def tab_journal(self):
        key = f"milestone:{self.object.pk}:"
        return newest(entries_of(event_prefix=key), search=key) | {"when": self.when()}

    def tab_completions(self):
        rows = self.object.completions.select_related("completed_by", "reopened_by", "entry")
        return {"completions": self.with_revenue(rows), "zone": company_time_zone()}

    def when(self) -> str:
        return WHEN[recognition_of(self.object)]

    def with_revenue(self, completions):
        """Each with what became of its revenue."""
        recognition, on_allocation = recognition_of(self.object), recognised_on_allocation(self.object)
        for each in completions:
            each.revenue = revenue_told(each, recognition, on_allocation=on_allocation)
        return completions


class MilestoneCreate(FormPage):
    """With `?project=` the milestone is made in that project."""

    permission_required = "credits.manage_milestones"
    form_class = MilestoneForm
    title = "New milestone"
    submit_label = "Create milestone"
    success_message = "The milestone is there. Allocate its credits next."

    def asked_project(self):
        return asked(Project, self.request.GET.get("project"))

    def get_breadcrumb(self):
        project = self.asked_project()
        above = [Crumb(str(project), project.get_absolute_url())] if project else []
        return [Crumb("Milestones", reverse("credits:milestone-list")), *above]

    def get_initial(self):
        return {"project": self.asked_project(), "status": "planned"}

    def get_form_kwargs(self):
        locked = {"project": "The milestone is made in this project."} if self.asked_project() else {}
        return {"locked": locked}

    def get_cancel_url(self):
        project = self.asked_project()
        return project.get_absolute_url() if project else reverse("credits:milestone-list")

    def save(self, form):
        return create_milestone(form.details, actor=self.request.user)


class MilestoneEdit(FormPage):
    permission_required = "credits.manage_milestones"
    form_class = MilestoneForm
    submit_label = "Save milestone"
    queryset = Milestone.objects.select_related("project__account")

    def get_title(self):
        return f"Edit {self.object}"

    def get_breadcrumb(self):
        return [*breadcrumb_of(self.object), Crumb(self.object.number, self.object.get_absolute_url())]

    def get_initial(self):
        fields = ("project", "name", "status", "target_on", "credits_needed")
        return {name: getattr(self.object, name) for name in fields}

    def get_form_kwargs(self):
        return {"account": self.object.project.account, "locked": locked_fields(self.object)}

    def save(self, form):
        return edit_milestone(self.object, form.details, actor=self.request.user)
