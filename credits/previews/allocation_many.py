"""Allocating many milestones at once, run and described for the preview panel, the receipt and the receipt of a job."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from credits.models import Milestone, Purchase
from credits.previews.drawn import lot_row
from credits.reports.allocation_many import Outcome, by_target_date
from credits.services.allocate_many import allocate_many, foreseen
from ledger.previews.postings import PostingTotals
from ledger.services.posting import recording
from opportunities.models import Project
from pages import formats
from pages.preview import Change, LeftOut, Link, Preview, shortened
from pages.progress import Report, nobody


def allocate_and_describe(
    project: Project, chosen: Collection[int], *, fitting: bool, actor, on: datetime.date, report: Report = nobody
) -> tuple[Preview, str]:
    """What was done, and the fingerprint of what was to be done: without the postings, which are known only afterwards."""
    with recording() as entries:
        found = allocate_many(project, chosen, fitting=fitting, actor=actor, on=on, report=report)
    posted = PostingTotals()
    posted.add(entries)
    preview = described(project, found)
    return replace(preview, postings=posted.lines()), preview.fingerprint


def plan_and_describe(project: Project, chosen: Collection[int], *, fitting: bool, on: datetime.date) -> Preview:
    """What would be done, for more milestones than somebody can wait for: read, and not done and taken back."""
    milestones = by_target_date(Milestone.objects.filter(pk__in=chosen, project=project))
    return described(project, foreseen(project, milestones, fitting=fitting, on=on))


def described(project: Project, found: Sequence[Outcome]) -> Preview:
    getting = [each for each in found if each.draws]
    return shortened(
        Preview(
            changes=[*_total(found), *map(_milestone, getting), *_lots(getting)],
            left_out=[
                LeftOut(str(each.milestone), each.why, each.milestone.get_absolute_url())
                for each in found
                if not each.draws
            ],
            confirm_label=_confirm_label(getting),
            made=[
                Link("Milestones of the project", _listed("milestone-list", project)),
                Link("Consumptions of the account", _listed("consumption-list", project)),
            ],
        )
    )


def _total(found: Sequence[Outcome]) -> Iterable[Change]:
    """What all of the chosen ones miss, before and after."""
    missing, drawn = sum(each.missing for each in found), sum(each.drawn for each in found)
    if drawn:
        yield Change("Missing in all", formats.number(missing), formats.number(missing - drawn))


def _milestone(each: Outcome) -> Change:
    milestone, held = each.milestone, each.milestone.credits_allocated
    return Change(
        str(milestone),
        f"{formats.number(held)} allocated",
        f"{formats.number(held + each.drawn)} allocated",
        note=each.told,
        url=milestone.get_absolute_url(),
    )


def _lots(getting: Iterable[Outcome]) -> list[Change]:
    drawn: Counter[Purchase] = Counter()
    for each in getting:
        for one in each.draws:
            drawn[one.purchase] += one.credits
    return [lot_row(lot, credits, f"{formats.number(credits)} drawn") for lot, credits in drawn.items()]


def _confirm_label(getting: Sequence[Outcome]) -> str:
    if not getting:
        return "Leave as it is"
    credits = sum(each.drawn for each in getting)
    return f"Allocate {formats.counted(credits, 'credits')} to {formats.counted(len(getting), 'milestones')}"


def _listed(name: str, project: Project) -> str:
    about = {"project": project.number} if name == "milestone-list" else {"account": project.account.number}
    return f"{reverse(f'credits:{name}')}?{urlencode(about)}"
