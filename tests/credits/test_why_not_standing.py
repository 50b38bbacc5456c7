"""Why not? From the milestone's own side: what it needs, what it holds, what its status says."""

import pytest

from credits.models import CreditsSetup, Milestone
from credits.reports.standing import standing
from credits.services.allocate import allocate
from credits.services.milestones import complete
from tests.builders import make_milestone, make_purchase

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


def said(milestone: Milestone, available: int = 10) -> list[tuple[str, str]]:
    return [(why.sentence, "".join(action.label for action in why.actions)) for why in standing(milestone, available)]


def needing(project, credits: int, sam, **changes) -> Milestone:
    """Allocated for 4, and then it needs another number."""
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)
    Milestone.objects.filter(pk=milestone.pk).update(credits_needed=credits, **changes)
    return Milestone.objects.get(pk=milestone.pk)


def test_short_and_enough(project):
    milestone = make_milestone(project, 12)
    assert said(milestone, 3) == [("12 credits to allocate, 3 available: short by 9", "")]
    assert said(milestone, 12) == [("12 credits to allocate, 12 available", "Manage Services Credits")]


def test_one_credit_is_said_as_one(project):
    assert said(make_milestone(project, 1), 0) == [("1 credit to allocate, 0 available: short by 1", "")]


def test_not_paid_by_credits_canceled_and_completed_are_said_as_they_are_refused(project, account, sam):
    make_purchase(account)
    nothing, canceled = make_milestone(project, None), make_milestone(project, 4, status="canceled")
    assert said(nothing) == [(f"{nothing} needs no services credits. Enter how many it needs first", "Edit")]
    assert said(canceled) == [(f"{canceled} is canceled: it takes no credits", "Edit")]
    done = make_milestone(project, 4)
    allocate(done, actor=sam)
    complete(done, actor=sam)
    done.refresh_from_db()
    ((sentence, way),) = said(done)
    assert sentence.startswith(f"{done} is completed since 24 Nov 2026. Reopen it") and way == "Reopen"


def test_all_it_needs_and_needs_adjusting_both_ways(project, account, sam):
    make_purchase(account, number_of_credits=30)
    manage = "Manage Services Credits"
    assert said(needing(project, 4, sam)) == [("It has all 4 credits that it needs", "")]
    assert said(needing(project, 1, sam)) == [("Needs adjusting: it holds 3 credits more than it needs", manage)]
    assert said(needing(project, 6, sam), 1) == [
        ("Needs adjusting: 4 of 6 credits are allocated", manage),
        ("2 credits to allocate, 1 available: short by 1", ""),
    ]


@pytest.mark.parametrize(
    ("status", "named"), [("planned", "In the status Planned"), ("", "Without a status"), ("in_progress", None)]
)
def test_a_status_that_needs_no_allocation_is_said_beside_the_rest(project, status, named):
    """Setting *statuses without allocation*."""
    milestone = make_milestone(project, 4, status=status)
    beside = f"{named} it does not wait for credits; they can be allocated all the same"
    assert [sentence for sentence, _ in said(milestone)[1:]] == ([beside] if named else [])


def test_the_statuses_are_those_of_the_setup(project):
    CreditsSetup.objects.update(statuses_without_allocation=["in_progress"])
    assert len(said(make_milestone(project, 4, status="in_progress"))) == 2
    assert len(said(make_milestone(project, 4, status="planned"))) == 1
