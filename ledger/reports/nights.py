"""What the books tell: read only."""

from collections import Counter
from dataclasses import dataclass

from ledger.models import BatchChunk, BatchRun, BatchStep


@dataclass(frozen=True)
class StepReport:
    """One step of a night: how far it is, what it did, and what it could not do."""

    name: str
    done: int
    failed: int
    chunks: int
    counts: dict[str, int]
    errors: list[str]

    @property
    def state(self) -> str:
        if self.failed:
            return "failed"
        return "done" if self.done == self.chunks else "running"


def night_report(run: BatchRun) -> list[StepReport]:
    """The steps of a run with their counts summed over the chunks."""
    chunks: dict[int, list[BatchChunk]] = {}
    for chunk in BatchChunk.objects.filter(step__run=run).order_by("first"):
        chunks.setdefault(chunk.step_id, []).append(chunk)
    return [_step_report(step, chunks.get(step.pk, [])) for step in run.steps.all()]


def _step_report(step: BatchStep, chunks: list[BatchChunk]) -> StepReport:
    states = Counter(chunk.state for chunk in chunks)
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(chunk.counts)
    errors = list(dict.fromkeys(error for chunk in chunks for error in chunk.errors))
    return StepReport(
        step.name,
        done=states[BatchChunk.State.DONE],
        failed=states[BatchChunk.State.FAILED],
        chunks=len(chunks),
        counts=dict(counts),
        errors=errors,
    )
