"""What the books put on the home page: manual entries that wait for this person."""

from django.db.models import QuerySet
from django.template.loader import render_to_string

from ledger.actions.manual import APPROVE, WRITE
from ledger.models import ManualEntry
from ledger.reports.manual import manual_sources, waiting_for_approval_of, waiting_for_posting
from ledger.sources import register as register_source
from pages.http import Request
from pages.sections import register

SHOWN = 8


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("home", to_approve, order=5, permission=APPROVE)
    register("home", to_post, order=6, permission=WRITE)
    register_source("manual:", many=manual_sources)


def to_approve(request: Request, nothing: None) -> str | None:
    """Those of others: nobody approves what they had a hand in."""
    return waiting(request, "for approval", ManualEntry.State.SUBMITTED, waiting_for_approval_of(request.user))


def to_post(request: Request, nothing: None) -> str | None:
    return waiting(request, "to be posted", ManualEntry.State.APPROVED, waiting_for_posting())


def waiting(request: Request, for_what: str, state: str, entries: QuerySet[ManualEntry]) -> str | None:
    """The first of them and how many there are; nothing where none waits."""
    shown = list(entries[: SHOWN + 1])
    if not shown:
        return None
    count = entries.count() if len(shown) > SHOWN else len(shown)
    context = {"entries": shown[:SHOWN], "count": count, "for_what": for_what, "state": state}
    return render_to_string("ledger/manual_waiting.html", context, request)
