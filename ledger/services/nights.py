"""The engine of the night: a run of steps over chunks of parties, claimed in PostgreSQL.

A chunk is done in one transaction that begins by locking its row: that lock is the claim. Any number of workers can work
on a run; one that dies lets its chunk go with nothing of it done, and whoever comes next does it. At most one run is
under way; a second start joins it. What a step does is the caller's.
"""

import datetime
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ledger.models import BatchChunk, BatchRun, BatchStep
from ledger.models.nights import State
from ledger.services.posting import recording

logger = logging.getLogger(__name__)
PAUSE = 0.2  # seconds between looks at chunks that other workers hold


@dataclass
class Outcome:
    """What a step did to a chunk: counts by name, words worth noting by name, and sentences about what could not be done.
    `failed`: nothing was."""

    counts: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)
    failed: bool = False


Step = Callable[[int, int, datetime.date], Outcome]
"""A step: does the parties from the first to the last of a chunk, for a business date, in the caller's transaction."""
Ranges = Sequence[tuple[int, int]]
WHOLE: Ranges = [(0, 0)]
"""The one chunk of a step that is about no party, but about all of them at once."""


def open_run(business_date: datetime.date, steps: Mapping[str, Ranges], *, actor=None) -> BatchRun:
    """The run under way, whoever started it and whatever its date; otherwise a new one for `business_date`, each of the
    `steps` cut into its ranges of parties. Two at once get the same one (held by a unique index)."""
    try:
        with transaction.atomic():
            run = BatchRun.objects.create(business_date=business_date, started_by=actor, started_at=timezone.now())
            names = enumerate(steps, start=1)
            made = BatchStep.objects.bulk_create(BatchStep(run=run, position=place, name=name) for place, name in names)
            BatchChunk.objects.bulk_create(
                BatchChunk(step=step, first=first, last=last) for step in made for first, last in steps[step.name]
            )
            return run
    except IntegrityError:
        running = BatchRun.objects.filter(state=State.RUNNING).first()
        return running or open_run(business_date, steps, actor=actor)


def work(run: BatchRun, steps: Mapping[str, Step]) -> BatchRun:
    """Does chunks of the run until none is left, each step after the one before it, and ends the run. Chunks in other
    workers' hands are waited for: if such a worker dies, its chunk comes to this one."""
    for step in run.steps.all():
        while _chunks(step).filter(state=BatchChunk.State.PENDING).exists():
            if not _work_one(step, run.business_date, steps.get(step.name, _unknown)):
                time.sleep(PAUSE)
    return _finish(run)


def _chunks(step: BatchStep):
    return BatchChunk.objects.filter(step=step)


def _work_one(step: BatchStep, business_date: datetime.date, do: Step) -> bool:
    """Claims one pending chunk and does it; False when others hold all that is pending."""
    with transaction.atomic():
        pending = _chunks(step).filter(state=BatchChunk.State.PENDING)
        chunk = pending.select_for_update(skip_locked=True).order_by("first").first()
        if chunk is None:
            return False
        outcome, _ = attempt(do, chunk.first, chunk.last, business_date)
        chunk.state = BatchChunk.State.FAILED if outcome.failed else BatchChunk.State.DONE
        chunk.counts, chunk.errors = {**outcome.counts, **outcome.noted}, outcome.errors
        chunk.finished_at = timezone.now()
        chunk.save(update_fields=["state", "finished_at", "counts", "errors"])
    return True


def attempt(do: Step, first: int, last: int, business_date: datetime.date) -> tuple[Outcome, list[int]]:
    """What became of a range of parties, and the entries that were posted. A step that fails, be it at the constraints
    that wait for the commit, leaves nothing of the range behind, and gives its error."""
    try:
        with transaction.atomic(), recording() as entries:
            outcome = do(first, last, business_date)
            connection.check_constraints()
            outcome.counts["entries"] = len(entries)
    except Exception as error:
        logger.exception("night of %s, parties %s to %s", business_date, first, last)
        return Outcome(errors=[(str(error) or type(error).__name__).splitlines()[0]], failed=True), []
    return outcome, entries


def _unknown(first: int, last: int, business_date: datetime.date) -> Outcome:
    """A step of a run that an earlier version of the program began."""
    return Outcome(errors=["This step is not known any more. Run the night of this date again."], failed=True)


def _finish(run: BatchRun) -> BatchRun:
    """Ends the run once; workers that come second find it ended."""
    failed = BatchChunk.objects.filter(step__run=run, state=BatchChunk.State.FAILED).exists()
    BatchRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.FAILED if failed else State.DONE, finished_at=timezone.now()
    )
    run.refresh_from_db()
    return run
