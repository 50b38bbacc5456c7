"""What services credits put on the home page: corrections and breakage estimates that wait for this person."""

from django.db.models import QuerySet
from django.template.loader import render_to_string

from credits.reports.corrections import estimates_waiting_for, waiting_for
from pages.http import Request
from pages.sections import register

SHOWN = 8
APPROVE = "credits.approve_correction"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("home", to_approve, order=7, permission=APPROVE)
    register("home", estimates_to_approve, order=8, permission=APPROVE)


def to_approve(request: Request, nothing: None) -> str | None:
    return waiting(request, waiting_for(request.user), "credits/corrections_waiting.html")


def estimates_to_approve(request: Request, nothing: None) -> str | None:
    return waiting(request, estimates_waiting_for(request.user), "credits/estimates_waiting.html")


def waiting(request: Request, rows: QuerySet, template: str) -> str | None:
    """The first of them and how many there are; nothing where none waits."""
    shown = list(rows[: SHOWN + 1])
    if not shown:
        return None
    count = rows.count() if len(shown) > SHOWN else len(shown)
    return render_to_string(template, {"waiting": shown[:SHOWN], "count": count}, request)
