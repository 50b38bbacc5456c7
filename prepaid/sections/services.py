"""What prepaid services put on the pages of the apps below."""

from typing import Any

from django.db.models import Case, F, When
from django.template.loader import render_to_string

from ledger.sources import register as register_source
from opportunities.models import Project
from pages.clock import business_date
from pages.http import Request
from pages.sections import register
from prepaid import sources
from prepaid.reports.services import with_standing
from prepaid.shown import units

SHOWN = 8
VIEW = "prepaid.view_prepaidservice"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("project", services_of_project, order=20, permission=VIEW)
    register_source("sales-document:", many=sources.documents)
    register_source("prepaid-entry:", many=sources.requests)
    register_source("prepaid-expiry:", many=sources.expiries)
    register_source("prepaid-service:", many=sources.services)
    register_source("prepaid:", many=sources.inflows, find=sources.find_inflows)
    register_source("contract-release:", many=sources.releases)
    register_source("contract:", many=sources.deferrals, find=sources.find_deferrals)


def services_of_project(request: Request, project: Project) -> str | None:
    """The services that pay for its time and material."""
    shown = rows(request, project.prepaid_services.open())
    return render_to_string("prepaid/project_section.html", {"rows": shown}, request) if shown else None


def rows(request: Request, services: Any, *, in_order: bool = False) -> list[tuple[Any, Any]]:
    """Each with what is left of it; `in_order`: those with something left first, the next to lapse before the others."""
    found: Any = with_standing(services.select_related("currency"), business_date(request))
    if in_order:
        left = Case(When(outstanding=0, outstanding_quantity=0, then=1), default=0)
        found = found.order_by(left, F("next_valid_until").asc(nulls_last=True), "number")
    return [(each, units(each, each.outstanding, each.outstanding_quantity)) for each in found[:SHOWN]]
