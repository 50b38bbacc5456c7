"""What services credits put on the pages of the apps below: milestones."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from credits.filters.milestones import BOTH
from credits.reports.milestones import milestones, waiting
from credits.reports.project_milestones import short_of_credits
from credits.sources import milestones as sources
from credits.tables.milestones import state_badge
from ledger.sources import register as register_source
from opportunities.models import Account, Project
from pages.elements import Action
from pages.sections import register

SHOWN = 10


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("project", of_project, order=10, permission="credits.view_milestone")
    register("project.actions", new_milestone, order=10, permission="credits.manage_milestones")
    register("project.actions", allocate_many, order=20, permission="credits.allocate_credits")
    register("account", of_account, order=30, permission="credits.view_milestone")
    register("home", all_waiting, order=20, permission="credits.view_milestone")
    register_source("milestone:", many=sources.milestones)


def of_project(request: HttpRequest, project: Project) -> str | None:
    rows = milestones().filter(project=project)
    empty = "A milestone is a piece of this project. With a number of services credits in it, it is paid by credits."
    return section(request, "Milestones", rows, {"project": project.number}, empty)


def new_milestone(request: HttpRequest, project: Project) -> Action:
    return Action("New milestone", f"{reverse('credits:milestone-create')}?project={project.number}")


def allocate_many(request: HttpRequest, project: Project) -> Action:
    """To all milestones of the project that miss credits, at once."""
    url = reverse("credits:project-allocate", args=[project.pk])
    missing = short_of_credits(project).exists()
    return Action("Allocate credits", url, "" if missing else "No open milestone of the project misses credits.")


def of_account(request: HttpRequest, account: Account) -> str | None:
    rows = waiting().filter(project__account=account)
    asked = {"account": account.number, "state": BOTH}
    return section(request, "Milestones waiting for credits", rows, asked)


def all_waiting(request: HttpRequest, nothing: None) -> str | None:
    return section(request, "Milestones waiting for credits", waiting(), {"state": BOTH}, with_account=True)


def section(
    request: HttpRequest,
    heading: str,
    rows: QuerySet[Any],
    asked: dict,
    empty: str = "",
    with_account: bool = False,
) -> str | None:
    """The first rows and how many there are, with the list behind them; nothing where there are none and no `empty`."""
    shown = list(rows[: SHOWN + 1])
    if not shown and not empty:
        return None
    count = rows.count() if len(shown) > SHOWN else len(shown)
    for row in shown:
        row.badge = state_badge(row)
    context = {
        "heading": heading,
        "milestones": shown[:SHOWN],
        "count": count,
        "url": f"{reverse('credits:milestone-list')}?{urlencode(asked)}",
        "empty": empty,
        "with_account": with_account,
    }
    return render_to_string("credits/milestone_section.html", context, request)
