from typing import Any

from django.urls import reverse

from ledger.views.changes import change_log_action
from opportunities.filters import ProjectFilter
from opportunities.forms import ProjectForm
from opportunities.models import Account, Project
from opportunities.services.projects import create_project, edit_project, holder_of
from opportunities.tables import ProjectTable
from opportunities.tables.project_entries import RECORD
from opportunities.views.named import asked
from opportunities.views.project_entries import of_project
from pages.elements import Action, Crumb
from pages.views import DetailPage, FormPage, ListPage

MANAGE = "opportunities.manage_customers"


class ProjectList(ListPage):
    permission_required = "opportunities.view_project"
    title = "Projects"
    queryset = Project.objects.select_related("account", "currency")
    filterset_class = ProjectFilter
    table_class = ProjectTable
    empty = "A project is work for an account in one currency. Its milestones draw down the credits of both."

    def get_actions(self) -> list[Action]:
        return [Action("New project", reverse("opportunities:project-create"), primary=True, permission=MANAGE)]


class ProjectDetail(DetailPage):
    permission_required = "opportunities.view_project"
    queryset = Project.objects.select_related("account", "currency")
    template_name = "opportunities/project.html"
    slot = "project"

    def get_title(self) -> str:
        return self.object.name

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Projects", reverse("opportunities:project-list")), Crumb(self.object.number)]

    def get_actions(self) -> list[Action]:
        edit = reverse("opportunities:project-edit", args=[self.object.pk])
        work = reverse("opportunities:project-entry-create", args=[self.object.pk])
        return [
            Action("Record time or material", work, permission=RECORD),
            Action("Edit project", edit, permission=MANAGE),
            change_log_action(self.object),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**of_project(self.object, self.request.user), **kwargs)


class ProjectCreate(FormPage):
    above = ("Projects", "opportunities:project-list")
    permission_required = MANAGE
    form_class = ProjectForm
    title = "New project"
    submit_label = "Create project"
    success_message = "The project is there."

    def get_initial(self) -> dict[str, Any]:
        return {"account": asked(Account, self.request.GET.get("account"))}

    def save(self, form: ProjectForm) -> Project:
        return create_project(**form.cleaned_data, actor=self.request.user)


class ProjectEdit(FormPage):
    above = ("Projects", "opportunities:project-list")
    permission_required = MANAGE
    form_class = ProjectForm
    model = Project
    title = "Edit project"
    submit_label = "Save project"
    success_message = "The project is saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        user = holder_of(self.object)
        reason = f"Fixed: {user} stands on it."
        return {"instance": self.object, "locked": {"account": reason, "currency": reason} if user else {}}

    def save(self, form: ProjectForm) -> Project:
        return edit_project(self.object, **form.cleaned_data, actor=self.request.user)
