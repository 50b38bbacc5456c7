"""What the page of a project offers to do with its time and material."""

from django.urls import reverse

from opportunities.models import Project
from pages.elements import Action, reason
from pages.http import Request
from pages.sections import register
from prepaid.services.project_usage import refusal_to_invoice_project

WRITE = "prepaid.write_documents"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("project.actions", invoice_work, order=30, permission=WRITE)


def invoice_work(request: Request, project: Project) -> Action:
    url = reverse("prepaid:project-invoice", args=[project.pk])
    return Action("Invoice time and material", url, reason(refusal_to_invoice_project(project)))
