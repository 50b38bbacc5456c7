"""The card of a prepaid service: new, edited, its projects, closed and opened again. Nothing is posted."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views import View

from opportunities.models import Account, Project
from opportunities.views.named import asked
from pages.clock import business_date
from pages.elements import Action
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, Allowed, FormPage
from prepaid.actions.services import instead_of_closing
from prepaid.forms.fields import told
from prepaid.forms.services import ProjectsForm, ServiceForm, initial_of
from prepaid.models import PrepaidService
from prepaid.previews.services import close_and_describe, reopen_and_describe
from prepaid.services.services import assign_projects, create_service, edit_service, refusal_to_close

ABOVE = ("Prepaid services", "prepaid:service-list")
MANAGE = "prepaid.manage_services"


class ValidUntil(Allowed, View):
    """What a date formula gives today, while it is typed: `?<field>=1M`."""

    permission_required = MANAGE

    def get(self, request: HttpRequest) -> HttpResponse:
        typed = next((str(value) for value in request.GET.values()), "")
        return render(request, "prepaid/formula_told.html", {"told": told(typed, business_date(self.request))})


class ServiceCreate(FormPage):
    above = ABOVE
    permission_required = MANAGE
    form_class = ServiceForm
    title = "New prepaid service"
    submit_label = "Create prepaid service"
    success_message = "The prepaid service is there."

    def get_initial(self) -> dict[str, Any]:
        account, defaults = asked(Account, self.request.GET.get("account")), PrepaidService()
        return {"account": account, "accrual": defaults.accrual, "type": defaults.type}

    def save(self, form: ServiceForm) -> PrepaidService:
        return create_service(form.card(), actor=self.request.user)


class OfService(FormPage):
    above = ABOVE
    permission_required = MANAGE
    queryset = PrepaidService.objects.select_related("account", "currency")
    success_message = "The prepaid service is saved."


class ServiceEdit(OfService):
    form_class = ServiceForm
    lead = "For entries to come: what is posted keeps its valid-until and its dimension value."
    submit_label = "Save prepaid service"

    def get_title(self) -> str:
        return f"Edit {self.object.number}"

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"service": self.object}

    def save(self, form: ServiceForm) -> PrepaidService:
        return edit_service(self.object, form.card(), actor=self.request.user)


class ServiceProjects(OfService):
    """Which projects' time and material the service pays for."""

    template_name = "prepaid/service_projects_form.html"
    form_class = ProjectsForm
    submit_label = "Assign projects"

    def get_title(self) -> str:
        return f"Projects of {self.object.number}"

    @cached_property
    def projects(self) -> list[Project]:
        return list(Project.objects.filter(account=self.object.account_id).select_related("currency"))

    def get_initial(self) -> dict[str, Any]:
        return {f"project_{pk}": True for pk in self.object.assignments.values_list("project", flat=True)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"projects": self.projects}

    def save(self, form: ProjectsForm) -> PrepaidService:
        return assign_projects(self.object, form.chosen(), actor=self.request.user)

    def get_success_url(self, saved: PrepaidService) -> str:
        return f"{saved.get_absolute_url()}?tab=projects"

    @property
    def new_project_url(self) -> str:
        return f"{reverse('opportunities:project-create')}?account={self.object.account.number}"


class ServiceAction(ActionPage):
    above = ABOVE
    permission_required = MANAGE
    queryset = PrepaidService.objects.select_related("account", "currency")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object.number}"


class ServiceClose(ServiceAction):
    verb = "Close"
    success_message = "The prepaid service is closed."

    def get_actions(self) -> list[Action]:
        return instead_of_closing(self.object) if refusal_to_close(self.object) else []

    def run(self, form: PageForm) -> Preview:
        return close_and_describe(self.object, actor=self.request.user)


class ServiceReopen(ServiceAction):
    verb = "Reopen"
    success_message = "The prepaid service is open again."

    def run(self, form: PageForm) -> Preview:
        return reopen_and_describe(self.object, actor=self.request.user)
