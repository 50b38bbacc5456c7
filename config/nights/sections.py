"""The last night on the home page: how it ended, what it did, what it could not do."""

from collections import Counter

from django.template.loader import render_to_string

from config.nights.pages import TONES
from ledger.models import BatchRun
from ledger.models.nights import State
from ledger.reports.nights import night_report
from pages import formats
from pages.http import Request
from pages.sections import register


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("home", last_night, order=0, permission="ledger.view_batchrun")


def last_night(request: Request, nothing: None) -> str | None:
    run = BatchRun.objects.order_by("-pk").first()
    if run is None:
        return None
    steps = night_report(run)
    counts: Counter[str] = Counter()
    for step in steps:
        counts.update(step.counts)
    entries = counts.pop("entries", 0)
    done = [formats.counted(number, count) for count, number in counts.items() if number]
    done += [formats.counted(entries, "journal entries")] if entries else []
    context = {
        "run": run,
        "tone": TONES[State(run.state)],
        "done": ", ".join(done) or "nothing was due",
        "errors": [error for step in steps for error in step.errors],
    }
    return render_to_string("nights/last_night.html", context, request)
