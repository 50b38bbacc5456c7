"""A milestone's own fields: name, project, status, target date, and how many credits it needs.

Books and balances: none. Changing the needed number allocates nothing: it closes the gate until the credits are adjusted.
"""

import datetime
from dataclasses import dataclass

from django.db import transaction

from credits.exceptions import BadMilestone
from credits.models import Milestone
from credits.models.milestones import Status
from credits.models.purchases import MAX_CREDITS
from credits.services.allocate import lock_milestone
from ledger.services.changes import made_by
from ledger.services.numbers import Series, free_number
from opportunities.models import Project
from opportunities.services.locks import lock_account
from pages import formats

NUMBERS = Series("MS", "MS-", "Milestones")


@dataclass(frozen=True, kw_only=True)
class Details:
    """What staff enter. Without `credits_needed` the milestone is not paid by credits."""

    project: Project
    name: str
    status: str = Status.PLANNED
    target_on: datetime.date | None = None
    credits_needed: int | None = None


@transaction.atomic
def create_milestone(details: Details, *, actor) -> Milestone:
    """Makes a milestone with the next number of its series. Refused: a number of credits that is none (BadMilestone)."""
    _check_details(details)
    lock_account(details.project.account_id)
    made_by(actor, "Create milestone")
    milestone = Milestone(number=free_number(NUMBERS, Milestone))
    return _save(milestone, details)


@transaction.atomic
def edit_milestone(milestone: Milestone, details: Details, *, actor) -> Milestone:
    """Replaces the details. Refused (BadMilestone): on a completed milestone another project or number of credits, or the
    status Canceled; another project once it drew credits; Canceled while credits are allocated."""
    _check_details(details)
    milestone = lock_milestone(milestone)
    if milestone.actual_on:
        _check_completed(milestone, details, milestone.actual_on)
    _check_project(milestone, details)
    _check_canceled(milestone, details)
    made_by(actor, "Edit milestone")
    return _save(milestone, details)


def _save(milestone: Milestone, details: Details) -> Milestone:
    for name, value in vars(details).items():
        setattr(milestone, name, value)
    milestone.save()
    return milestone


def _check_details(details: Details) -> None:
    if not details.name.strip():
        raise BadMilestone("A milestone has a name.", field="name")
    if details.credits_needed is not None:
        check_needed(details.credits_needed)


def check_needed(needed: int) -> None:
    """Refused (BadMilestone): a number of credits that is none."""
    if not 1 <= needed <= MAX_CREDITS:
        raise BadMilestone(
            f"{needed:,} services credits: a milestone needs at least one and at most {MAX_CREDITS:,}. Leave the field empty "
            "if it is not paid by credits.",
            field="credits_needed",
        )


def _check_completed(milestone: Milestone, details: Details, on: datetime.date) -> None:
    done = f"{milestone} is completed since {formats.day(on)}"
    if details.credits_needed != milestone.credits_needed:
        raise BadMilestone(f"{done}: reopen it before its credits change.", field="credits_needed")
    if details.project != milestone.project:
        raise BadMilestone(f"{done}: its project stays.", field="project")
    if details.status == Status.CANCELED:
        raise BadMilestone(f"{done}: reopen it before you cancel it.", field="status")


def _check_project(milestone: Milestone, details: Details) -> None:
    if details.project != milestone.project and milestone.consumptions.exists():
        raise BadMilestone(
            f"{milestone} drew credits for {milestone.project} and stays there, even when all were given back. Create "
            "another milestone instead.",
            field="project",
        )


def _check_canceled(milestone: Milestone, details: Details) -> None:
    if details.status == Status.CANCELED and milestone.credits_allocated:
        raise BadMilestone(
            f"{milestone.credits_allocated:,} credits are allocated to {milestone}. Give them back first (Manage Services "
            "Credits, total 0), then cancel it.",
            field="status",
        )
