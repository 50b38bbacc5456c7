"""The milestones of a project that miss credits, and what each would get if those that are ticked were allocated."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from credits.models import Milestone
from credits.models.milestones import Status
from credits.reports.allocation_many import Outcome, by_target_date, outcomes
from credits.reports.availability import candidates, held_back
from credits.reports.milestones import UNFUNDED, milestones
from credits.reports.standing import needs_more
from opportunities.models import Project

MOST = 500  # rows


@dataclass(frozen=True)
class Row:
    milestone: Any
    outcome: Outcome | None  # none where it is not ticked

    @property
    def missing(self) -> int:
        return needs_more(self.milestone)


@dataclass(frozen=True)
class Table:
    """The rows in the order in which they get their credits, and their sums over those that are ticked."""

    rows: list[Row]
    more: int
    available: int
    held_back: list

    @property
    def found(self) -> list[Outcome]:
        return [row.outcome for row in self.rows if row.outcome]

    @property
    def missing(self) -> int:
        return sum(each.missing for each in self.found)

    @property
    def getting(self) -> int:
        return sum(each.drawn for each in self.found)

    @property
    def short(self) -> int:
        return max(0, self.missing - self.available)


def short_of_credits(project: Project) -> QuerySet[Any]:
    """The open milestones that miss credits, with their `state`."""
    return milestones().filter(_short(), project=project)


def proposed(project: Project) -> list[int]:
    """Those that wait for their credits, which in some statuses, as the setup says, none does."""
    waiting = short_of_credits(project).filter(state__in=UNFUNDED)
    return list(by_target_date(waiting).values_list("pk", flat=True)[:MOST])


def table(project: Project, chosen: Collection[int], on: datetime.date, *, fitting: bool) -> Table:
    """Shown too is what was ticked and misses no credits any more."""
    shown = by_target_date(milestones().filter(_short() | Q(pk__in=chosen), project=project))
    rows = list(shown[: MOST + 1])
    more = shown.count() - MOST if len(rows) > MOST else 0
    lots = list(candidates(project, on))
    available = sum(lot.credits_available for lot in lots)
    found = _by_milestone([row for row in rows[:MOST] if row.pk in chosen], lots, fitting)
    return Table([Row(row, found.get(row)) for row in rows[:MOST]], more, available, held_back(project, on))


def _by_milestone(chosen: list[Milestone], lots: list, fitting: bool) -> dict[Milestone, Outcome]:
    return {each.milestone: each for each in outcomes(chosen, lots, fitting=fitting)}


def _short() -> Q:
    return Q(actual_on=None, credits_needed__gt=F("credits_allocated")) & ~Q(status=Status.CANCELED)
