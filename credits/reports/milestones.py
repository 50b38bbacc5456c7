"""Milestones with where they stand: for lists, pages and sections alike."""

from typing import Any

from django.db.models import QuerySet

from credits.models import CreditsSetup, Milestone
from credits.models.milestones import State
from credits.models.setup import statuses_without_allocation

TONES = {
    State.COMPLETED: "good",
    State.ADJUSTING: "warn",
    State.WAITING: "warn",
    State.FUNDED: "info",
    State.OPEN: "neutral",
}
UNFUNDED = (State.WAITING, State.ADJUSTING)


def milestones() -> QuerySet[Any]:
    """All milestones with their `state` and with what a row shows."""
    return Milestone.objects.with_state(statuses_that_do_not_wait()).select_related(
        "project__account", "project__currency"
    )


def waiting() -> QuerySet[Any]:
    """Open milestones that ask for credits which are not, or not exactly, allocated; the most urgent first."""
    return milestones().filter(actual_on=None, state__in=UNFUNDED).order_by("target_on", "number")


def statuses_that_do_not_wait() -> list[str]:
    """The statuses of the setup in which a milestone does not wait for credits."""
    setup = CreditsSetup.objects.first()
    return setup.statuses_without_allocation if setup else statuses_without_allocation()
