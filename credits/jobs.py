"""Services credits for more milestones than somebody can wait for.

What was shown before it was confirmed is asked for by its fingerprint; the job refuses where it would do anything else.
"""

import datetime

from credits.exceptions import NotAsShown
from credits.previews.allocation_many import allocate_and_describe
from opportunities.models import Project
from pages.jobs import Receipt, register, request_job
from pages.models import Job
from pages.progress import Report

ALLOCATE_MANY = "allocate-many"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register(
        ALLOCATE_MANY,
        run_allocation,
        title="Allocate credits",
        permission="credits.allocate_credits",
        above=("Projects", "opportunities:project-list"),
    )


def request_allocation(project: Project, asked: dict, *, fingerprint: str, token: str, by) -> Job:
    """Of what the preview with that fingerprint showed, once for each form that is sent."""
    params = {"project": project.pk, "fingerprint": fingerprint, **asked}
    return request_job(ALLOCATE_MANY, params, key=f"{ALLOCATE_MANY}:{token}", by=by)


def run_allocation(job: Job, report: Report) -> Receipt:
    """Books and refusals: those of `allocate_many`. Refused too (NotAsShown): what would be allocated is not what was
    confirmed."""
    asked = job.params
    preview, fingerprint = allocate_and_describe(
        Project.objects.select_related("account").get(pk=asked["project"]),
        asked["chosen"],
        fitting=asked["fitting"],
        on=datetime.date.fromisoformat(asked["on"]),
        actor=job.requested_by,
        report=report,
    )
    if fingerprint != asked["fingerprint"]:
        raise NotAsShown
    return Receipt(f"{preview.confirm_label}: done.", preview)
