"""The statements that were sent, on the card."""

from django.template.loader import render_to_string

from ledger.dates import company_time_zone
from pages.http import Request
from pages.sections import register
from prepaid.models import PrepaidService, StatementMail

SHOWN = 8


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("prepaid-service", statements_sent, order=50, permission="prepaid.view_statementmail")


def statements_sent(request: Request, service: PrepaidService) -> str | None:
    """The latest; all of them stand below the statement."""
    rows = list(StatementMail.objects.filter(service=service).select_related("sent_by").defer("file")[:SHOWN])
    if not rows:
        return None
    return render_to_string("prepaid/statements_sent.html", {"sent": rows, "zone": company_time_zone()}, request)
