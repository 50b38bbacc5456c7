"""Allocating credits to many milestones of a project at once.

Books and balances: as for each of them (`allocate`). One transaction; either every one that misses credits gets them, or each
in turn gets all of its own or none.
"""

import datetime
from collections.abc import Collection, Iterable

from django.db import transaction

from credits.exceptions import ManyShort, NotForCredits
from credits.models import Milestone
from credits.reports.allocation_many import Outcome, by_target_date, outcomes
from credits.reports.availability import candidates, held_back
from credits.services.allocate import lock_lots
from credits.services.consume import consume
from credits.services.day import check_day, day_of_allocation
from opportunities.models import Project
from pages.progress import Report, each, nobody


@transaction.atomic
def allocate_many(
    project: Project,
    chosen: Collection[int],
    *,
    fitting: bool = False,
    actor,
    on: datetime.date | None = None,
    report: Report = nobody,
) -> list[Outcome]:
    """Draws what the chosen milestones miss from the lots of the day `on` (default: today), first to expire first: the
    earliest target date first, those without one last. Nothing is given back.

    All or nothing, or with `fitting` each that its turn leaves enough for. Refused: too few credits for all (ManyShort); a
    milestone that is not in the project any more (NotForCredits); a day in the future or one that the trail contradicts
    (BadDay).
    """
    on = day_of_allocation(on)
    lock_lots(project)
    found = foreseen(project, _locked(project, chosen), fitting=fitting, on=on)
    for one in each([one for one in found if one.draws], "Allocating", report):
        consume(one.milestone, one.draws, actor=actor, on=on)
    return found


def foreseen(project: Project, milestones: Iterable[Milestone], *, fitting: bool, on: datetime.date) -> list[Outcome]:
    """What each of the milestones, in this order, gets as things stand. Refused as in `allocate_many`."""
    on = day_of_allocation(on)
    found = outcomes(milestones, candidates(project, on), fitting=fitting)
    if not fitting and any(one.short for one in found):
        raise _many_short(project, found, on)
    drawing = [one for one in found if one.draws]
    check_day([one.milestone for one in drawing], [draw for one in drawing for draw in one.draws], on)
    return found


def _locked(project: Project, chosen: Collection[int]) -> list[Milestone]:
    """By id, as they are now; then in the order in which they get their credits."""
    milestones = Milestone.objects.filter(pk__in=chosen, project=project)
    list(milestones.order_by("id").select_for_update(no_key=True).values_list("id"))
    found = list(by_target_date(milestones.select_related("project__account", "project__currency")))
    if len(found) != len(set(chosen)) or any(one.project.account_id != project.account_id for one in found):
        raise NotForCredits(f"Not all of these milestones are in {project} any more. Look at them again.")
    return found


def _many_short(project: Project, found: list[Outcome], on: datetime.date) -> ManyShort:
    short = [f"{one.milestone}: {one.why}" for one in found if one.short]
    return ManyShort(short=short, of=len(found), held_back=held_back(project, on))
