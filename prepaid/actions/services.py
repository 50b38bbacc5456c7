"""What can be done with a prepaid service: every action of its page, and why one cannot be used now."""

from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from ledger.views.changes import change_log_action
from pages import formats
from pages.elements import Action, reason
from pages.refusals import Refused
from prepaid.exceptions import NothingToExpire, ServiceClosed
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.reports.lapsed import lapsed_entries
from prepaid.services.expire import last_passed_day
from prepaid.services.services import refusal_to_close

MANAGE = "prepaid.manage_services"


def actions_of(service: PrepaidService) -> list[Action]:
    """Creating an entry comes first."""

    def action(label: str, name: str, permission: str, refusal: Refused | None = None, **look: bool) -> Action:
        return Action(label, reverse(f"prepaid:{name}", args=[service.pk]), reason(refusal), permission, **look)

    closed = ServiceClosed(service) if service.closed else None
    return [
        action("Create Ledger Entry", "entry-create", "prepaid.create_entries", closed, primary=True),
        action("Expire Residuals", "service-expire", "prepaid.expire_residuals", refusal_to_expire(service)),
        Action("Ledger Entries", entries_url(service), permission="prepaid.view_prepaidentry"),
        action("Statement", "statement", "prepaid.view_prepaidentry"),
        action("Edit", "service-edit", MANAGE),
        action("Assign projects", "service-projects", MANAGE),
        action("Reopen", "service-reopen", MANAGE)
        if service.closed
        else action("Close", "service-close", MANAGE, refusal_to_close(service)),
        new_service(service.account.number),
        change_log_action(service),
    ]


def instead_of_closing(service: PrepaidService) -> list[Action]:
    """What brings a balance to zero."""
    offered = ("Create Ledger Entry", "Expire Residuals")
    return [replace(action, primary=False) for action in actions_of(service) if action.label in offered]


def new_service(account: str = "", *, primary: bool = False) -> Action:
    """`account`: the number of the one it is for."""
    asked = f"?{urlencode({'account': account})}" if account else ""
    return Action(
        "New prepaid service", f"{reverse('prepaid:service-create')}{asked}", permission=MANAGE, primary=primary
    )


def refusal_to_expire(service: PrepaidService) -> Refused | None:
    """Why nothing of it would lapse now."""
    setup, day = PrepaidSetup.objects.first(), last_passed_day()
    lapsed = lapsed_entries([service], day)
    waiting = lapsed.filter(proposals__state="requested")
    if not lapsed.exists():
        return NothingToExpire(f"Nothing that was valid until {formats.day(day)} or earlier is left.")
    if setup is not None and not setup.post_manual_dissolution and waiting.count() == lapsed.count():
        return NothingToExpire("What has lapsed waits for review already.")
    return None


def entries_url(service: PrepaidService, **asked: object) -> str:
    """The list of its ledger entries, narrowed further."""
    return f"{reverse('prepaid:entry-list')}?{urlencode({'service': service.number, **asked})}"
