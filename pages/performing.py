"""Doing a job, once, whoever is called for it and however often.

The claim is a row lock, as for a chunk of the night: the transaction that does the job begins by locking its row and ends by
marking it. A second worker passes over a locked row; a worker that dies lets go of it, with nothing done, and the job is
found again: unfinished, in nobody's hands.
"""

import logging
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from pages.jobs import kept, kind_of
from pages.models import Job, JobProgress
from pages.progress import Beside
from pages.refusals import Refused
from pages.signing import sign

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 5  # a job that takes its worker with it must not do so for ever
MOST_PROBLEMS = 200  # that a page lists
FAULT = (
    "Something went wrong here, and nothing was written. The fault is in the log under “job {}”; give it to whoever looks "
    "after Drawdown."
)
TOO_OFTEN = "This was begun {} times, and each time its worker ended in the middle. Nothing was written."
NOT_PERMITTED = "{} asked for this and is not permitted to do it any more. Nothing was done."
UNKNOWN = "This kind of work is not known any more. Ask for it again."


def perform(pk: int) -> None:
    """Does the job; nothing where it ended, is gone, or is in another worker's hands."""
    if not _begin(pk):
        return
    with Beside(pk) as report, transaction.atomic():
        if (job := _claimed(pk)) is not None:
            _attempt(job, report)


def _claimed(pk: int) -> Job | None:
    return Job.objects.in_nobodys_hands().select_related("requested_by").filter(pk=pk).first()


@transaction.atomic
def _begin(pk: int) -> bool:
    """Says that the job is under way, before the transaction in which nobody would see it."""
    if (job := _claimed(pk)) is None:
        return False
    job.state, job.started_at, job.attempts = Job.State.RUNNING, timezone.now(), job.attempts + 1
    job.save(update_fields=["state", "started_at", "attempts"])
    JobProgress.objects.filter(job=job).update(step="", done=0, total=0, step_began_at=None, reported_at=None)
    if job.attempts > MOST_ATTEMPTS:
        _end(job, Job.State.FAILED, refusal=TOO_OFTEN.format(MOST_ATTEMPTS))
    return job.is_open


def _attempt(job: Job, report: Beside) -> None:
    """Ends the job in the transaction that holds it. Trouble with the database itself ends nothing: it is tried again."""
    try:
        with transaction.atomic():
            result = _result(job, report)
            connection.check_constraints()
    except (OperationalError, InterfaceError):
        raise
    except Refused as refused:
        _end(job, Job.State.REFUSED, refusal=refused.message, result=_problems(refused))
    except Exception:
        logger.exception("job %s, %s", job.pk, job.kind)
        _end(job, Job.State.FAILED, refusal=FAULT.format(job.pk))
    else:
        _end(job, Job.State.DONE, result=result)


def _result(job: Job, report: Beside) -> dict[str, Any]:
    if (kind := kind_of(job)) is None:
        raise Refused(UNKNOWN)
    if not (job.requested_by.is_active and job.requested_by.has_perm(kind.permission)):
        raise Refused(NOT_PERMITTED.format(job.requested_by))
    sign(job.requested_by, kind.title)
    return kept(kind.run(job, report))


def _problems(refused: Refused) -> dict[str, Any]:
    """What a FileRefused lists, as far as somebody would read it."""
    problems = getattr(refused, "problems", [])
    return {"problems": [vars(each) for each in problems[:MOST_PROBLEMS]], "problem_count": len(problems)}


def _end(job: Job, state: str, *, refusal: str = "", result: dict[str, Any] | None = None) -> None:
    job.state, job.refusal, job.result, job.finished_at = state, refusal, result or {}, timezone.now()
    job.save(update_fields=["state", "refusal", "result", "finished_at"])
