"""Row "Many milestones at once from the project page": automatic order by target date, all or nothing by default, or what
fits, with a result per milestone."""

import datetime

import pytest

from credits.exceptions import ManyShort, NotForCredits
from credits.models import Allocation, CreditsSetup, Milestone
from credits.reports.project_milestones import proposed, short_of_credits, table
from credits.services.allocate import adjust, allocate
from credits.services.allocate_many import allocate_many
from credits.services.edit_milestone import Details, edit_milestone
from credits.services.milestones import complete
from tests.builders import make_milestone, make_project, make_purchase, trial_balance
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def lots(account):
    """Eight that expire first, eight that expire later."""
    return [make_purchase(account, number_of_credits=8, expires_on=datetime.date(2027, month, 1)) for month in (1, 6)]


@pytest.fixture
def milestones(project):
    """Seven, five and three credits; target dates: none, February, January."""
    targets = (None, datetime.date(2027, 2, 1), datetime.date(2027, 1, 1))
    return [make_milestone(project, need, target_on=on) for need, on in zip((7, 5, 3), targets, strict=True)]


def keys(milestones) -> list[int]:
    return [each.pk for each in milestones]


def drawn(milestone) -> list[tuple]:
    return list(milestone.consumptions.order_by("id").values_list("purchase", "credits"))


def test_the_earliest_target_date_draws_first_none_last_each_first_to_expire_first(project, milestones, lots, sam):
    """Many milestones at once: by target date."""
    first, second = keys(lots)
    last, middle, early = milestones
    found = allocate_many(project, keys(milestones), actor=sam)
    assert [each.milestone for each in found] == [early, middle, last]
    assert [drawn(each) for each in (early, middle, last)] == [[(first, 3)], [(first, 5)], [(second, 7)]]
    assert [each.told for each in found] == [f"3 of {lots[0]}", f"5 of {lots[0]}", f"7 of {lots[1]}"]
    assert [credits_of(lot) for lot in lots] == [(0, 8, 0), (1, 7, 0)]
    for each in milestones:
        each.refresh_from_db()
        assert (each.credits_allocated, each.amount) == (each.credits_needed, 100 * each.credits_needed)
    assert set(Allocation.objects.values_list("milestone", flat=True)) == set(keys(milestones))


def test_at_once_comes_to_the_same_as_one_after_the_other(account, lots, sam):
    """The same lots and counts as single allocations in that order, in another project of the same size."""
    for _ in range(2):
        make_purchase(account, number_of_credits=5, expires_on=datetime.date(2027, 3, 1))
    sizes = (2, 6, 1, 4, 3)
    single, many = (
        [make_milestone(project, size) for size in sizes] for project in (make_project(account), make_project(account))
    )
    for each in single:
        allocate(each, actor=sam)
    alone = [drawn(each) for each in single]
    for each in single:
        adjust(each, total=0, actor=sam)
    allocate_many(many[0].project, keys(many), actor=sam)
    assert [drawn(each) for each in many] == alone


def test_all_or_nothing_names_the_first_that_would_be_short_with_the_reasons(account, project, milestones, lots, sam):
    """Many milestones at once: all or nothing."""
    make_purchase(account, draft=True, number_of_credits=40)
    more = [make_milestone(project, 9, target_on=datetime.date(2027, 3, number)) for number in (1, 2, 3, 4)]
    with pytest.raises(ManyShort) as refusal:
        allocate_many(project, keys([*milestones, *more]), actor=sam)
    said = str(refusal.value)
    assert said.startswith(
        f"5 of 7 milestones would be short: {more[0]}: 9 needed, 8 left, 1 short; {more[1]}: 9 needed, "
    )
    assert "; and 2 more. Held back: 40 in drafts. Nothing was allocated." in said
    assert not Allocation.objects.exists()
    assert [credits_of(lot) for lot in lots] == [(8, 0, 0)] * 2


def test_what_fits_is_enough_or_nothing_for_each_in_order(project, milestones, lots, sam):
    """Many milestones at once: what fits, with a result for each.
    Ten in February leave too few for the seven without a date, and enough for a later one."""
    last, middle, early = milestones
    Milestone.objects.filter(pk=middle.pk).update(credits_needed=10)
    later = make_milestone(project, 3, target_on=datetime.date(2027, 4, 1))
    found = allocate_many(project, keys([*milestones, later]), fitting=True, actor=sam)
    assert [(each.milestone, each.drawn, each.short) for each in found] == [
        (early, 3, 0),
        (middle, 10, 0),
        (later, 3, 0),
        (last, 0, 7),
    ]
    assert found[-1].why == "7 needed, 0 left, 7 short"
    assert drawn(last) == []


def test_one_that_is_short_takes_nothing_from_those_after_it(project, lots, sam):
    large = make_milestone(project, 17, target_on=TODAY)
    small = make_milestone(project, 16, target_on=None)
    found = allocate_many(project, keys([large, small]), fitting=True, actor=sam)
    assert [(each.drawn, each.short) for each in found] == [(0, 1), (16, 0)]


@pytest.mark.parametrize("fitting", [False, True])
def test_those_that_take_none_say_why_and_stop_no_other(project, lots, sam, fitting):
    held, done, excess, canceled, unpaid = (make_milestone(project, need) for need in (1, 1, 2, 1, None))
    for each in (held, done, excess):
        allocate(each, actor=sam)
    complete(done, actor=sam)
    Milestone.objects.filter(pk=excess.pk).update(credits_needed=1)
    Milestone.objects.filter(pk=canceled.pk).update(status="canceled")
    more = make_milestone(project, 4)
    found = allocate_many(project, keys([held, done, excess, canceled, unpaid, more]), fitting=fitting, actor=sam)
    said = {each.milestone: each.why for each in found if not each.draws}
    assert said[held] == "It has all 1 credit that it needs"
    assert "is completed since" in said[done]
    assert said[excess] == "Needs adjusting: it holds 1 credit more than it needs"
    assert "is canceled: it takes no credits" in said[canceled]
    assert "needs no services credits" in said[unpaid]
    assert [drawn(each) for each in (held, excess, more)] == [[(lots[0].pk, 1)], [(lots[0].pk, 2)], [(lots[0].pk, 4)]]


def test_one_that_grew_gets_what_it_misses_as_adjustments(project, lots, sam):
    """Row "Adjusting": more is drawn first in, first out, as Consumption Adjustment rows on the same allocation."""
    grown = make_milestone(project, 2)
    first = allocate(grown, actor=sam)
    edit_milestone(grown, Details(project=project, name="Grown", credits_needed=9, status="approved"), actor=sam)
    allocate_many(project, [grown.pk], actor=sam)
    assert list(grown.consumptions.order_by("id").values_list("consumption_type", "purchase", "credits")) == [
        ("consumption", lots[0].pk, 2),
        ("adjustment", lots[0].pk, 6),
        ("adjustment", lots[1].pk, 1),
    ]
    assert Allocation.objects.get(milestone=grown) == first


def test_pressed_twice_it_allocates_once(project, milestones, lots, sam):
    for _ in range(2):
        allocate_many(project, keys(milestones), actor=sam)
    assert [each.consumptions.count() for each in milestones] == [1, 1, 1]


def test_a_milestone_of_another_project_is_refused(account, project, milestones, lots, sam):
    stranger = make_milestone(make_project(account), 1)
    with pytest.raises(NotForCredits, match=f"Not all of these milestones are in {project}"):
        allocate_many(project, keys([*milestones, stranger]), actor=sam)
    assert not Allocation.objects.exists()


def test_books_follow_where_revenue_is_recognised_on_allocation_and_stay_otherwise(project, milestones, lots, sam):
    """Row "Revenue": fifteen credits at 80.00."""
    before = trial_balance()
    allocate_many(project, keys(milestones[:2]), actor=sam)
    assert trial_balance() == before
    CreditsSetup.objects.update(recognise_revenue="allocation")
    allocate_many(project, keys(milestones), actor=sam)
    assert trial_balance()["4000"] == {"LCY": -240, "USD": -240}


def test_proposed_are_those_whose_status_waits_for_credits_and_shown_are_all_that_miss_some(project, lots, sam):
    """Row "Gate": statuses that need no allocation are a setting."""
    waiting, planned = make_milestone(project, 2), make_milestone(project, 2, status="planned")
    canceled, full, unpaid = (make_milestone(project, need) for need in (2, 2, None))
    Milestone.objects.filter(pk=canceled.pk).update(status="canceled")
    allocate(full, actor=sam)
    assert list(short_of_credits(project)) == [waiting, planned]
    assert proposed(project) == [waiting.pk]
    CreditsSetup.objects.update(statuses_without_allocation=["canceled"])
    assert proposed(project) == [waiting.pk, planned.pk]
    assert unpaid not in short_of_credits(project)


@pytest.mark.parametrize("fitting", [False, True])
def test_the_table_shows_what_is_then_written(project, milestones, lots, sam, fitting):
    shown = table(project, keys(milestones), TODAY, fitting=fitting)
    assert (shown.available, shown.missing, shown.getting, shown.short) == (16, 15, 15, 0)
    allocate_many(project, keys(milestones), fitting=fitting, actor=sam)
    for row in shown.rows:
        assert [(each.purchase.pk, each.credits) for each in row.outcome.draws] == drawn(row.milestone)
