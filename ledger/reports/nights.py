"""What a night did, and how far it is."""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone

from ledger.models import BatchChunk, BatchRun, BatchStep
from ledger.models.nights import State

SILENCE = datetime.timedelta(minutes=2)


@dataclass(frozen=True)
class StepReport:
    """One step of a night: how far it is, what it did, and what it could not do."""

    name: str
    done: int
    failed: int
    chunks: int
    counts: dict[str, int]
    noted: dict[str, str]
    errors: list[str]

    @property
    def state(self) -> str:
        if self.failed:
            return "failed"
        if self.done == self.chunks:
            return "incomplete" if self.errors else "done"
        return "running" if self.done else "waiting"


def night_report(run: BatchRun) -> list[StepReport]:
    """The steps of a run with their counts summed over the chunks, and what was noted in them."""
    chunks: dict[int, list[BatchChunk]] = {}
    for chunk in BatchChunk.objects.filter(step__run=run).order_by("first"):
        chunks.setdefault(chunk.step_id, []).append(chunk)
    return [_step_report(step, chunks.get(step.pk, [])) for step in run.steps.all()]


def _step_report(step: BatchStep, chunks: list[BatchChunk]) -> StepReport:
    states = Counter(chunk.state for chunk in chunks)
    counts: Counter[str] = Counter()
    noted: dict[str, str] = {}
    for chunk in chunks:
        counts.update({name: number for name, number in chunk.counts.items() if isinstance(number, int)})
        noted.update({name: word for name, word in chunk.counts.items() if isinstance(word, str)})
    errors = list(dict.fromkeys(error for chunk in chunks for error in chunk.errors))
    return StepReport(
        step.name,
        done=states[BatchChunk.State.DONE],
        failed=states[BatchChunk.State.FAILED],
        chunks=len(chunks),
        counts=dict(counts),
        noted=noted,
        errors=errors,
    )


@dataclass(frozen=True)
class Progress:
    """How far a run is, over all its steps."""

    run: BatchRun
    steps: list[StepReport]
    now: datetime.datetime
    last_sign: datetime.datetime

    @property
    def all(self) -> int:
        return sum(step.chunks for step in self.steps)

    @property
    def done(self) -> int:
        return sum(step.done + step.failed for step in self.steps)

    @property
    def steps_done(self) -> int:
        return sum(step.state in ("done", "incomplete") for step in self.steps)

    @property
    def errors(self) -> int:
        return sum(len(step.errors) for step in self.steps)

    @property
    def entries(self) -> int:
        return sum(step.counts.get("entries", 0) for step in self.steps)

    @property
    def is_running(self) -> bool:
        return self.run.state == State.RUNNING

    @property
    def duration(self) -> datetime.timedelta:
        return (self.run.finished_at or self.now) - self.run.started_at

    @property
    def rest(self) -> datetime.timedelta | None:
        """How long it will still take, should it go on as it went; nothing to go by before the first chunk is done."""
        return self.duration * (self.all - self.done) // self.done if self.is_running and self.done else None

    @property
    def is_silent(self) -> bool:
        """Whether nobody seems to work on it."""
        return self.is_running and self.now - self.last_sign > SILENCE


def progress(run: BatchRun) -> Progress:
    last = BatchChunk.objects.filter(step__run=run).aggregate(last=Max("finished_at"))["last"]
    return Progress(run, night_report(run), timezone.now(), last or run.started_at)
