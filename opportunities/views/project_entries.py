"""The time and material of projects: on the page of the project, in a list, and the forms that enter and change it."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from opportunities.filters.project_entries import ProjectEntryFilter
from opportunities.forms.project_entries import ProjectEntryForm
from opportunities.models import Project, ProjectEntry
from opportunities.reports.project_entries import bills_of, project_entries, unbilled_total
from opportunities.services.project_entries import (
    create_project_entry,
    delete_project_entry,
    edit_project_entry,
    refusal_to_change,
)
from opportunities.tables.project_entries import RECORD, ProjectEntryTable, entry_actions
from pages import formats
from pages.elements import Crumb, Total
from pages.preview import Change, Preview
from pages.views import ActionPage, FormPage, ListPage
from pages.views.page import allowed_actions

VIEW = "opportunities.view_projectentry"
SHOWN = 10  # on the page of the project; the list has all


def of_project(project: Project, user: Any) -> dict[str, Any]:
    """What the page of a project shows of its time and material: the latest rows, how many there are, what is to be
    billed."""
    if not user.has_perm(VIEW):
        return {}
    rows = list(project_entries().filter(project=project)[: SHOWN + 1])
    bills = bills_of(rows)
    entries = [
        {"entry": row, "bill": bills.get(row.pk, ""), "actions": allowed_actions(user, entry_actions(row))}
        for row in rows[:SHOWN]
    ]
    count = project.entries.count() if len(rows) > SHOWN else len(rows)
    return {"show_work": True, "entries": entries, "count": count, "unbilled": unbilled_total(project)}


class ProjectEntryList(ListPage):
    permission_required = VIEW
    title = "Time and material"
    filterset_class = ProjectEntryFilter
    table_class = ProjectEntryTable
    empty = (
        "Time and material is what a project used and a customer is billed for. It is recorded on the project's page."
    )
    totals = (Total("Amount", "amount"),)
    currency = "project__currency"

    def get_queryset(self) -> "QuerySet[ProjectEntry]":
        return project_entries()

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Projects", reverse("opportunities:project-list"))]


class EntryForm(FormPage):
    permission_required = RECORD
    form_class = ProjectEntryForm

    @cached_property
    def project(self) -> Project:
        raise NotImplementedError

    def get_breadcrumb(self) -> list[Crumb]:
        projects = Crumb("Projects", reverse("opportunities:project-list"))
        return [projects, Crumb(str(self.project), self.project.get_absolute_url())]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"project": self.project}

    def get_cancel_url(self) -> str:
        return self.project.get_absolute_url()

    def get_success_url(self, saved: Any) -> str:
        return self.project.get_absolute_url()


class ProjectEntryCreate(EntryForm):
    title = "Record time or material"
    submit_label = "Record"
    success_message = "It is recorded."

    @cached_property
    def project(self) -> Project:
        return get_object_or_404(Project.objects.select_related("currency"), pk=self.kwargs["pk"])

    def save(self, form: ProjectEntryForm) -> ProjectEntry:
        return create_project_entry(self.project, form.work, actor=self.request.user)


class ProjectEntryEdit(EntryForm):
    title = "Edit time or material"
    submit_label = "Save"
    success_message = "It is saved."
    queryset = ProjectEntry.objects.select_related("project__currency", "product")

    @cached_property
    def project(self) -> Project:
        return self.object.project

    def get_initial(self) -> dict[str, Any]:
        entry = self.object
        values = {name: getattr(entry, name) for name in ("worked_on", "kind", "product", "description")}
        price = formats.exact(entry.unit_price)
        return values | {"quantity": formats.exact(entry.quantity), "unit_price": price}

    def get_form_kwargs(self) -> dict[str, Any]:
        refusal = refusal_to_change(self.object)
        names = ProjectEntryForm.base_fields if refusal else ()
        return super().get_form_kwargs() | {"locked": dict.fromkeys(names, str(refusal))}

    def save(self, form: ProjectEntryForm) -> ProjectEntry:
        return edit_project_entry(self.object, form.work, actor=self.request.user)


class ProjectEntryDelete(ActionPage):
    permission_required = RECORD
    title = "Delete time or material"
    queryset = ProjectEntry.objects.select_related("project__currency", "product")
    success_message = "It is deleted."

    def get_breadcrumb(self) -> list[Crumb]:
        project = self.object.project
        return [
            Crumb("Projects", reverse("opportunities:project-list")), Crumb(str(project), project.get_absolute_url())
        ]  # fmt: skip

    def run(self, form: Any) -> Preview:
        entry = self.object
        before = f"{formats.exact(entry.quantity)} {entry.product.unit_of_measure}".strip()
        delete_project_entry(entry, actor=self.request.user)
        changes = [Change(f"{formats.day(entry.worked_on)}, {entry.description}", before, "deleted")]
        return Preview(changes=changes, confirm_label="Delete")

    def get_cancel_url(self) -> str:
        return self.object.project.get_absolute_url()

    def get_success_url(self) -> str:
        return self.object.project.get_absolute_url()
