"""Whether a milestone takes credits, from its own side: what it needs, what it holds, what its status says."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from credits.models import Milestone
from credits.models.milestones import Status
from credits.reports.milestones import statuses_that_do_not_wait
from credits.reports.remedies import ALLOCATE, Why
from credits.services.allocate import refusal_to_allocate
from pages import formats
from pages.elements import Action

EDIT = "credits.manage_milestones"


def standing(milestone: Milestone, available: int) -> list[Why]:
    """Everything that can be said of a milestone whose project has that many credits available on the day."""
    if closed := takes_nothing(milestone):
        return [closed]
    return [*_adjusting(milestone), _open(milestone, available), *_status(milestone)]


def takes_nothing(milestone: Milestone) -> Why | None:
    """Why no credit is drawn for the milestone, however many there are; in the words of the refusal where there is one."""
    if refusal := refusal_to_allocate(milestone):
        return _refused(milestone, str(refusal).removesuffix("."))
    if needs_more(milestone):
        return None
    more = milestone.credits_allocated - (milestone.credits_needed or 0)
    if more:
        return Why(
            f"Needs adjusting: it holds {_credits(more)} more than it needs", "Give them back", _manage(milestone)
        )
    return Why(f"It has all {_credits(milestone.credits_allocated)} that it needs")


def needs_more(milestone: Milestone) -> int:
    """How many credits an open milestone would still take."""
    return max(0, (milestone.credits_needed or 0) - milestone.credits_allocated)


def _refused(milestone: Milestone, refusal: str) -> Why:
    """Completed, canceled, or not paid by credits."""
    if milestone.is_completed:
        return Why(refusal, actions=_action("Reopen", "reopen", milestone))
    remedy = "Give it another status" if milestone.status == Status.CANCELED else ""
    return Why(refusal, remedy, _action("Edit", "edit", milestone, EDIT))


def _adjusting(milestone: Milestone) -> Iterator[Why]:
    if milestone.needs_adjusting:
        of = f"{milestone.credits_allocated:,} of {_credits(milestone.credits_needed or 0)} are allocated"
        yield Why(f"Needs adjusting: {of}", "Adjust what is allocated", _manage(milestone))


def _open(milestone: Milestone, available: int) -> Why:
    more = needs_more(milestone)
    counts = f"{_credits(more)} to allocate, {available:,} available"
    if more <= available:
        return Why(counts, "Allocate them", _manage(milestone))
    return Why(f"{counts}: short by {more - available:,}", "Free credits of the lots below, or sell new ones")


def _status(milestone: Any) -> Iterator[Why]:
    """Said beside the rest: such a milestone does not wait for credits, and may get them all the same."""
    if milestone.status in statuses_that_do_not_wait():
        named = f"In the status {milestone.get_status_display()}" if milestone.status else "Without a status"
        yield Why(f"{named} it does not wait for credits; they can be allocated all the same")


def _credits(number: int) -> str:
    return formats.counted(number, "credits")


def _manage(milestone: Milestone) -> tuple[Action, ...]:
    return _action("Manage Services Credits", "credits", milestone)


def _action(label: str, name: str, milestone: Milestone, permission: str = ALLOCATE) -> tuple[Action, ...]:
    return (Action(label, reverse(f"credits:milestone-{name}", args=[milestone.pk]), permission=permission),)
