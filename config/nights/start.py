"""Starting a night from the browser: what it would do, then handing it to a worker."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from kombu.exceptions import OperationalError

from config.night import can_be_rehearsed, count_nights, dates_to_run, last_night, rehearse_nights, start_night
from config.tasks import run_nights
from ledger.dates import business_date
from ledger.models import BatchRun
from ledger.models.nights import State
from ledger.previews.postings import PostingTotals
from ledger.services.nights import Outcome
from pages import formats
from pages.forms import PageForm
from pages.preview import Change, LeftOut, Preview
from pages.refusals import Refused
from pages.views import ActionPage
from pages.views.action import Stale

ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
ONLY_COUNTED = (
    "This is too much to be rehearsed while you wait: it was counted. What will be posted, and what the books could not "
    "take, is shown on the page of the night; “manage.py nightly --dry-run” rehearses all of it."
)
NO_WORKERS = (
    "The night was not started: the workers cannot be reached, because Redis does not answer. Have it started, then try "
    "again; “manage.py nightly” runs the night without it."
)


class NightForm(PageForm):
    layout = ("until",)
    until = forms.DateField(label="Business date", help_text="Every missed day up to it is run first.")

    def clean_until(self) -> datetime.date:
        until, today = self.cleaned_data["until"], business_date()
        if until > today:
            raise forms.ValidationError(
                f"{formats.day(until)} is in the future: what expires until then would lapse now. Today is "
                f"{formats.day(today)}."
            )
        return until


class NightStart(ActionPage):
    """Shows what the nights up to a date would do and hands them to the workers. One under way is joined."""

    above = ("Nights", "night-list")
    permission_required = "ledger.run_night"
    form_class = NightForm
    title = "Run a night"
    success_message = "The night has started. You can leave this page; it goes on."

    def get_initial(self) -> dict[str, Any]:
        return {"until": self.request.GET.get("until") or business_date()}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        running = BatchRun.objects.filter(state=State.RUNNING).first()
        if running is None:
            return super().get(request, *args, **kwargs)
        messages.info(request, "A night is under way. Start another when it has ended.")
        return HttpResponseRedirect(reverse("night", args=[running.pk]))

    def run(self, form: NightForm) -> Preview:
        until, totals = form.cleaned_data["until"], PostingTotals()
        rehearsed = can_be_rehearsed(until)
        outcomes = rehearse_nights(until, look=totals.add) if rehearsed else count_nights(until)
        return Preview(
            changes=[nights(until), *(change(name, outcome) for name, outcome in outcomes)],
            postings=totals.lines(),
            left_out=[LeftOut(name, error) for name, outcome in outcomes for error in outcome.errors],
            warnings=warnings(until) if rehearsed else [*warnings(until), ONLY_COUNTED],
            confirm_label=f"Run the {dates_text(dates_to_run(until))}",
        )

    @transaction.atomic
    def carry_out(self, form: NightForm, seen: str) -> HttpResponse:
        """Opens the first run and calls the workers. What they do is what is due by then: the rehearsal is not repeated,
        but the dates must be those that were shown."""
        submission, until = self.submission(), form.cleaned_data["until"]
        if submission.url:
            return HttpResponseRedirect(submission.url)
        if nights(until).digest not in seen.split("-"):
            raise Stale(self.run(form))
        run = start_night(dates_to_run(until)[0], actor=self.request.user)
        submission.lead_to(reverse("night", args=[run.pk]))
        self.call_workers(until)
        messages.success(self.request, self.success_message)
        return HttpResponseRedirect(submission.url)

    def call_workers(self, until: datetime.date) -> None:
        """Refused where Redis does not answer. Called last in the transaction and not after it: a message that cannot be
        sent takes the run back, so that none is left that nobody does. A worker that is quicker than the commit waits
        for it at the index of running nights, and joins the run."""
        try:
            run_nights.apply_async(
                (until.isoformat(), self.request.user.pk), retry=True, retry_policy=ONCE_MORE, ignore_result=True
            )
        except OperationalError as error:
            raise Refused(NO_WORKERS) from error


def nights(until: datetime.date) -> Change:
    dates, last = dates_to_run(until), last_night()
    missed = f"{len(dates)} nights, as these days were missed; " if len(dates) > 1 else ""
    before, after = formats.day(last) if last else "none", formats.day(max(until, last or until))
    return Change(f"The {dates_text(dates)}", before, after, note=f"{missed}the last one that went through")


def change(name: str, outcome: Outcome) -> Change:
    counts = {count: number for count, number in outcome.counts.items() if count != "entries"}
    counted = ", ".join(formats.counted(number, count) for count, number in counts.items() if number)
    entries = outcome.counts.get("entries")
    note = "" if entries is None else formats.counted(entries, "journal entries")
    return Change(name, "", counted or "nothing", note=note)


def dates_text(dates: list[datetime.date]) -> str:
    if len(dates) == 1:
        return f"night of {formats.day(dates[0])}"
    return f"nights of {formats.day(dates[0])} to {formats.day(dates[-1])}"


def warnings(until: datetime.date) -> list[str]:
    last = last_night()
    if last is None or until > last:
        return []
    return [f"The night of {formats.day(last)} went through already. Run again, it does only what is open since."]
