"""What prepaid services put on the home page: entries by hand and residuals that wait for this person."""

from django.db.models import QuerySet
from django.template.loader import render_to_string

from pages.http import Request
from pages.sections import register
from prepaid.reports.waiting import entries_waiting_for, residuals_waiting_for

SHOWN = 8
APPROVE = "prepaid.approve_entries"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("home", entries_to_approve, order=8, permission=APPROVE)
    register("home", residuals_to_review, order=9, permission=APPROVE)


def entries_to_approve(request: Request, nothing: None) -> str | None:
    return waiting(request, entries_waiting_for(request.user), "prepaid/entries_waiting.html")


def residuals_to_review(request: Request, nothing: None) -> str | None:
    return waiting(request, residuals_waiting_for(request.user), "prepaid/residuals_waiting.html")


def waiting(request: Request, rows: QuerySet, template: str) -> str | None:
    """The first of them and how many there are; nothing where none waits."""
    shown = list(rows[: SHOWN + 1])
    if not shown:
        return None
    count = rows.count() if len(shown) > SHOWN else len(shown)
    return render_to_string(template, {"waiting": shown[:SHOWN], "count": count}, request)
