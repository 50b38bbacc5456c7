"""The night: which steps it has, for which dates it runs, and what it would do.

The same code for `manage.py nightly`, for Celery and for the page. It runs for each business date since the last one that
went through, in order; a date before that can be run again and never moves the mark back.
"""

import datetime
from collections.abc import Callable, Iterator

from django.db import transaction
from django.utils import timezone

from credits.reports.tonight import count_completed, count_due, count_expected, count_notices
from credits.services.night import earn_milestones, expect_breakage, expire_credits, raise_notices
from ledger.dates import business_date, company_time_zone
from ledger.models import BatchRun
from ledger.models.nights import State
from ledger.reports.seals import count_unsealed
from ledger.services.nights import WHOLE, Outcome, Step, attempt, open_run, work
from ledger.services.seals import SEALED, seal_step
from opportunities.services.chunks import account_ranges
from prepaid.reports.tonight import count_billable, count_parts, count_residuals
from prepaid.services.night import bill_contracts, expire_residuals, release_deferrals

SEAL = "Seal the journal"
STEPS: dict[str, Step] = {
    "Expire services credits": expire_credits,
    "Bill customer contracts": bill_contracts,
    "Expire prepaid residuals": expire_residuals,
    "Release contract deferrals": release_deferrals,
    "Earn completed milestones": earn_milestones,
    "Recognise expected breakage": expect_breakage,
    "Raise notices": raise_notices,
    SEAL: seal_step,  # last, so that what the others posted is in it
}
COUNTS = {
    "Expire services credits": count_due,
    "Bill customer contracts": count_billable,
    "Expire prepaid residuals": count_residuals,
    "Release contract deferrals": count_parts,
    "Earn completed milestones": count_completed,
    "Recognise expected breakage": count_expected,
    "Raise notices": count_notices,
    SEAL: lambda until: {"unsealed entries": count_unsealed()},
}
CHUNK_SIZE = 500  # accounts
MOST_REHEARSED = 20  # chunks and dates that somebody can wait for
AFTER_MIDNIGHT = datetime.timedelta(minutes=15)
RETRY_AFTER = datetime.timedelta(hours=1)


def last_night() -> datetime.date | None:
    """The latest business date whose night went through."""
    done = BatchRun.objects.filter(state=State.DONE).order_by("-business_date")
    return done.values_list("business_date", flat=True).first()


def dates_to_run(until: datetime.date) -> list[datetime.date]:
    """Every business date since the last night up to `until`; `until` alone when there was none, or when it is not later
    than the last one."""
    last = last_night()
    if last is None or until <= last:
        return [until]
    return [last + datetime.timedelta(days=day) for day in range(1, (until - last).days + 1)]


def run_nights(
    until: datetime.date | None = None, *, actor=None, announce: Callable[[BatchRun], object] = lambda run: None
) -> Iterator[BatchRun]:
    """Runs the nights up to `until` (default: today), in order, and gives each run; stops after one in which something
    failed. What the books could not take, for an empty cell or a blocked account, is named in the run and found again by
    the next one: it stops nobody else. A run that another worker has under way is joined first. `announce` tells other
    workers of a run that they can join."""
    until = until or business_date()
    for day in dates_to_run(until):
        run = start_night(day, actor=actor)
        while run.business_date != day:
            yield work(run, STEPS)
            run = start_night(day, actor=actor)
        announce(run)
        yield (run := work(run, STEPS))
        if run.state == State.FAILED:
            return


def start_night(day: datetime.date, *, actor=None) -> BatchRun:
    """The run of that date, or the one that is under way."""
    accounts = account_ranges(CHUNK_SIZE)
    return open_run(day, {name: WHOLE if name == SEAL else accounts for name in STEPS}, actor=actor)


def rehearse_nights(
    until: datetime.date | None = None, *, look: Callable[[list[int]], object] = lambda entries: None
) -> list[tuple[str, Outcome]]:
    """What the nights up to `until` would do, step by step: everything is done, chunk by chunk, and rolled back. Later
    steps and dates do not see what earlier ones would have changed, except within a chunk. `look` is shown the entries
    while they are there. Sealing, which is of the whole journal, is counted: what waits, and what would be posted."""
    until = until or business_date()
    total = {name: Outcome() for name in STEPS}
    for first, last in account_ranges(CHUNK_SIZE):
        with transaction.atomic():
            _rehearse_chunk(first, last, until, total, look)
            transaction.set_rollback(True)
    posted = sum(outcome.counts.get("entries", 0) for outcome in total.values())
    total[SEAL] = Outcome({SEALED: count_unsealed() + posted})
    return list(total.items())


def can_be_rehearsed(until: datetime.date) -> bool:
    """Whether a rehearsal up to `until` takes seconds rather than minutes."""
    return len(account_ranges(CHUNK_SIZE)) * len(dates_to_run(until)) <= MOST_REHEARSED


def count_nights(until: datetime.date) -> list[tuple[str, Outcome]]:
    """What the nights up to `until` will find, counted in one statement a step; nothing is posted and nothing locked."""
    return [(name, Outcome(dict(count(until)))) for name, count in COUNTS.items()]


def _rehearse_chunk(
    first: int, last: int, until: datetime.date, total: dict[str, Outcome], look: Callable[[list[int]], object]
) -> None:
    for day in dates_to_run(until):
        for name, step in STEPS.items():
            if name == SEAL:
                continue
            outcome, entries = attempt(step, first, last, day)
            look(entries)
            for count, number in outcome.counts.items():
                total[name].counts[count] = total[name].counts.get(count, 0) + number
            total[name].failed |= outcome.failed
            total[name].errors += [error for error in outcome.errors if error not in total[name].errors]


def went_through(day: datetime.date) -> bool:
    """Whether a night of that date went through that was started on that day or later: one that was run ahead, from the
    command line, did not see what the days until then brought."""
    midnight = datetime.datetime.combine(day, datetime.time.min, company_time_zone())
    return BatchRun.objects.filter(state=State.DONE, business_date=day, started_at__gte=midnight).exists()


def is_due(now: datetime.datetime | None = None) -> bool:
    """Whether the night of today is still to be run: from a quarter past midnight, company time, and again an hour after
    it failed."""
    now = now or timezone.now()
    if went_through(business_date(now - AFTER_MIDNIGHT)):
        return False
    return not BatchRun.objects.filter(state=State.FAILED, finished_at__gt=now - RETRY_AFTER).exists()
