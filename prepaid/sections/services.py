"""What prepaid services put on the pages of the apps below."""

from typing import Any

from django.db.models import Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode

from ledger.sources import register as register_source
from opportunities.models import Account, Project
from pages import markup
from pages.clock import business_date
from pages.elements import Action, Figure
from pages.formats import NOTHING, Cur
from pages.http import Request
from pages.sections import register
from prepaid import sources
from prepaid.actions.services import new_service
from prepaid.models import InflowBalance
from prepaid.reports.services import with_standing
from prepaid.shown import units

SHOWN = 8
VIEW = "prepaid.view_prepaidservice"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("account", services_of_account, order=20, permission=VIEW)
    register("account.figures", figures_of_account, order=20, permission=VIEW)
    register("account.actions", new_of_account, order=20, permission="prepaid.manage_services")
    register("project", services_of_project, order=20, permission=VIEW)
    register_source("sales-document:", many=sources.documents)
    register_source("prepaid-entry:", many=sources.requests)
    register_source("prepaid-expiry:", many=sources.expiries)
    register_source("prepaid-service:", many=sources.services)
    register_source("prepaid:", many=sources.inflows, find=sources.find_inflows)


def listed(account: Account) -> str:
    return f"{reverse('prepaid:service-list')}?{urlencode({'account': account.number})}"


def new_of_account(request: Request, account: Account) -> Action:
    return new_service(account.number)


def figures_of_account(request: Request, account: Account) -> list[Figure]:
    left = InflowBalance.objects.left().filter(service__account=account, remaining__gt=0).order_by()
    sums = left.values("entry__currency__code", "entry__currency__decimals").annotate(left=Sum("remaining"))
    shown = [
        markup.money(row["left"], Cur(row["entry__currency__code"], row["entry__currency__decimals"]))
        for row in sums.order_by("entry__currency__code")
    ]
    stacked = format_html_join("", '<span class="d-block">{}</span>', ((amount,) for amount in shown))
    return [Figure("Prepaid outstanding", stacked or NOTHING, listed(account))]


def services_of_account(request: Request, account: Account) -> str:
    services = account.prepaid_services.open()
    context = {"rows": rows(request, services), "account": account, "url": listed(account)}
    return render_to_string("prepaid/account_section.html", context, request)


def services_of_project(request: Request, project: Project) -> str | None:
    """The services that pay for its time and material."""
    shown = rows(request, project.prepaid_services.open())
    return render_to_string("prepaid/project_section.html", {"rows": shown}, request) if shown else None


def rows(request: Request, services: Any) -> list[tuple[Any, Any]]:
    """Each with what is left of it."""
    found: Any = with_standing(services.select_related("currency"), business_date(request))[:SHOWN]
    return [(each, units(each, each.outstanding, each.outstanding_quantity)) for each in found]
