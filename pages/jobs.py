"""Work that takes longer than a page may: asked for by a page, done by a worker, followed and found again at its own page.

An app says in its `apps.py` what can be asked for:

    def ready(self):
        from credits import jobs                        # late: models are ready only now
        register("allocate-many", jobs.allocate_many, title="Allocate milestones",
                 permission="credits.allocate_credits", above=("Milestones", "credits:milestone-list"))

    def allocate_many(job, report):                     # credits/jobs.py; calls ONE service
        made = allocate_all(job.params["milestones"], actor=job.requested_by, report=report)
        return Receipt("12 milestones are allocated.", Preview(changes=[...], left_out=[...], made=[Link(...)]))

The function runs in one transaction with the row of its job, which it ends: all of it happens and the job is done, or
nothing happened. It may therefore be called again, by another worker, after one that died. What it refuses (`Refused`) is
taken back and shown with its sentence, a `FileRefused` with its list by line; any other error is logged, and the page says
so. A deadlock or a lost connection is tried again. As it calls it says how far it is: `report("Allocating", 40, 200)`, as
often as it likes; `pages.progress.each` does it for a loop. The service takes `report: Report = nobody` and knows no job.

A page asks in the transaction of its form; the worker is called after the commit:

    @transaction.atomic
    def carry_out(self, form, seen):                    # of an ActionPage
        submission = self.submission()
        if not submission.url:
            job = request_job("allocate-many", {"milestones": [...]}, key=f"allocate-many:{submission.token}",
                              by=self.request.user)
            submission.lead_to(job.get_absolute_url())
        return HttpResponseRedirect(submission.url)

The same key is the same job, so a form sent twice asks once. `params` and what the function gives back are kept as JSON:
plain values, primary keys, never records. What somebody saw before they confirmed goes into `params` as its fingerprint,
and the function refuses where it would do something else. The page of the job is open to whoever asked, and to those with
the permission; asking is guarded by the page that asks.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from pages.exceptions import RequestedOtherwise
from pages.models import Job, JobProgress
from pages.preview import Preview
from pages.progress import Report
from pages.workers import call_worker


@dataclass(frozen=True)
class Receipt:
    """What came of a job: a sentence, what changed and was posted (the panel of an action, afterwards), and, where the
    person decides something next, the address that the job's page leads on to."""

    said: str
    preview: Preview = field(default_factory=Preview)
    goes_on: str = ""


Run = Callable[[Job, Report], Receipt]


@dataclass(frozen=True)
class Kind:
    run: Run
    title: str
    permission: str
    above: tuple[str, str]  # label and address name of where it was asked for


_kinds: dict[str, Kind] = {}


def register(kind: str, run: Run, *, title: str, permission: str, above: tuple[str, str]) -> None:
    _kinds[kind] = Kind(run, title, permission, above)


def kind_of(job: Job) -> Kind | None:
    """None for a job of another version of the program."""
    return _kinds.get(job.kind)


def title_of(job: Job) -> str:
    kind = kind_of(job)
    return kind.title if kind else job.kind


def may_see(user: Any, job: Job) -> bool:
    """Whoever asked for it, and those who may ask for its kind."""
    kind = kind_of(job)
    return job.requested_by_id == user.pk or bool(kind and user.has_perm(kind.permission))


def request_job(kind: str, params: dict[str, Any], *, key: str, by) -> Job:
    """The job of that key: a new one, which a worker is called for after the commit, or the one that is there already,
    whatever became of it. Refused (RequestedOtherwise): the same key with another kind, other params or another person."""
    asked = {"kind": kind, "params": plain(params), "requested_by_id": by.pk}
    title = _kinds[kind].title
    job, new = Job.objects.get_or_create(key=key, defaults=asked)
    if any(getattr(job, name) != value for name, value in asked.items()):
        raise RequestedOtherwise(title)
    if new:
        JobProgress.objects.create(job=job)
        transaction.on_commit(partial(call_worker, job.pk))
    return job


def plain(value: Any) -> Any:
    """As it comes back from JSON."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def kept(receipt: Receipt) -> dict[str, Any]:
    """What the row of the job holds of a receipt."""
    return plain(asdict(receipt))
