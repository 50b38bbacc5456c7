"""The gate, and what can be edited when."""

import datetime

import pytest

from credits.exceptions import (
    AlreadyCompleted,
    BadActualDate,
    BadMilestone,
    GateClosed,
    NoReason,
    NotCompleted,
    NotForCredits,
)
from credits.models import Milestone
from credits.reports.milestones import milestones, waiting
from credits.services.allocate import adjust, allocate
from credits.services.edit_milestone import Details, create_milestone, edit_milestone
from credits.services.milestones import complete, reopen
from tests.builders import make_account, make_milestone, make_project, make_purchase

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def project(account):
    make_purchase(account)
    return make_project(account)


@pytest.fixture
def allocated(project, sam):
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)
    return milestone


def details(milestone: Milestone, **changes) -> Details:
    fields = ("project", "name", "status", "target_on", "credits_needed")
    return Details(**{name: getattr(milestone, name) for name in fields} | changes)


def state(milestone: Milestone) -> str:
    return milestones().get(pk=milestone.pk).state


def test_no_actual_date_before_exactly_what_it_needs_is_allocated(project, sam):
    """Gate: no actual date before the credits are allocated in full."""
    milestone = make_milestone(project, 4)
    with pytest.raises(GateClosed, match="needs 4 credits and 0 are allocated"):
        complete(milestone, actor=sam)
    adjust(milestone, total=5, actor=sam)
    with pytest.raises(GateClosed, match="needs 4 credits and 5 are allocated"):
        complete(milestone, actor=sam)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    assert state(milestone) == "completed"


def test_a_milestone_that_needs_no_credits_has_no_gate(project, sam):
    milestone = make_milestone(project, None)
    complete(milestone, actor=sam)
    assert state(milestone) == "completed"


@pytest.mark.parametrize("needed", [3, 5, None])
def test_another_number_after_allocation_needs_adjusting_and_closes_the_gate(allocated, sam, needed):
    """Gate: another number after allocation needs adjusting."""
    edited = edit_milestone(allocated, details(allocated, credits_needed=needed), actor=sam)
    assert edited.needs_adjusting
    assert state(allocated) == "adjusting"
    with pytest.raises(GateClosed, match=f"needs {needed or 0} credits and 4 are allocated"):
        complete(allocated, actor=sam)
    adjust(allocated, total=needed or 0, actor=sam)
    complete(allocated, actor=sam)


def test_the_actual_date_is_neither_in_the_future_nor_before_the_purchase(allocated, sam):
    with pytest.raises(BadActualDate, match="25 Nov 2026 is in the future"):
        complete(allocated, actor=sam, actual_on=TODAY + datetime.timedelta(days=1))
    with pytest.raises(BadActualDate, match="1 Nov 2026 is before 2 Nov 2026"):
        complete(allocated, actor=sam, actual_on=datetime.date(2026, 11, 1))
    assert complete(allocated, actor=sam, actual_on=datetime.date(2026, 11, 2)).sequence == 1


def test_completed_once_and_reopened_once_with_a_reason(allocated, sam):
    with pytest.raises(NotCompleted):
        reopen(allocated, actor=sam, reason="Not accepted")
    complete(allocated, actor=sam)
    with pytest.raises(AlreadyCompleted):
        complete(allocated, actor=sam)
    with pytest.raises(NoReason) as refused:
        reopen(allocated, actor=sam, reason="  ")
    assert refused.value.field == "reason"
    reopen(allocated, actor=sam, reason="Not accepted")
    with pytest.raises(NotCompleted):
        reopen(allocated, actor=sam, reason="Not accepted")
    assert complete(allocated, actor=sam).sequence == 2


def test_a_completed_milestone_keeps_number_project_and_does_not_become_canceled(allocated, sam):
    complete(allocated, actor=sam)
    other = make_project(allocated.project.account)
    for change in ({"credits_needed": 5}, {"credits_needed": None}, {"project": other}, {"status": "canceled"}):
        with pytest.raises(BadMilestone, match="is completed since 24 Nov 2026") as refused:
            edit_milestone(allocated, details(allocated, **change), actor=sam)
        assert refused.value.field in change
    assert edit_milestone(allocated, details(allocated, name="Renamed"), actor=sam).name == "Renamed"


def test_canceling_needs_the_credits_given_back_first(allocated, sam):
    with pytest.raises(BadMilestone, match=r"4 credits are allocated .* Give them back first"):
        edit_milestone(allocated, details(allocated, status="canceled"), actor=sam)
    adjust(allocated, total=0, actor=sam)
    assert edit_milestone(allocated, details(allocated, status="canceled"), actor=sam).status == "canceled"
    with pytest.raises(NotForCredits, match="canceled"):
        complete(allocated, actor=sam)


def test_the_project_is_fixed_once_credits_were_drawn_even_if_all_went_back(allocated, sam):
    other = make_project(make_account("Another"))
    adjust(allocated, total=0, actor=sam)
    with pytest.raises(BadMilestone, match="drew credits") as refused:
        edit_milestone(allocated, details(allocated, project=other), actor=sam)
    assert refused.value.field == "project"
    unused = make_milestone(allocated.project)
    assert edit_milestone(unused, details(unused, project=other), actor=sam).project == other


@pytest.mark.parametrize("needed", [0, -1, 10**18])
def test_a_number_of_credits_is_one_or_more_and_fits(project, sam, needed):
    with pytest.raises(BadMilestone, match=f"{needed:,} services credits") as refused:
        create_milestone(Details(project=project, name="Design", credits_needed=needed), actor=sam)
    assert refused.value.field == "credits_needed"


def test_a_name_is_needed(project, sam):
    with pytest.raises(BadMilestone, match="has a name"):
        create_milestone(Details(project=project, name=" "), actor=sam)


def test_numbers_come_from_the_series_and_pass_over_used_ones(project, sam):
    Milestone.objects.create(project=project, number="MS-000001", name="Imported")
    made = [create_milestone(Details(project=project, name=name), actor=sam).number for name in ("Design", "Build")]
    assert made == ["MS-000002", "MS-000003"]


def test_only_statuses_that_ask_for_credits_wait_for_them(project):
    waits = {status: make_milestone(project, 4, status=status) for status in ("in_progress", "approved")}
    for status in ("planned", "canceled", ""):
        make_milestone(project, 4, status=status)
    make_milestone(project, None)
    assert list(waiting()) == list(waits.values())
