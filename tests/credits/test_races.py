"""Many at once, on real connections: nothing over-allocated, nothing lost, no error but the refusal meant for it."""

import datetime
import random

import pytest
from django.db import transaction
from django.db.models import Sum

from credits.exceptions import NothingToExpire, Shortage
from credits.models import Consumption, Milestone, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.edit_milestone import Details, edit_milestone
from credits.services.expire import expire_purchase
from credits.services.milestones import complete
from credits.services.night import expire_credits
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_user
from tests.credits.nights import credits_of
from tests.racing import at_once, split

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.time_machine("2026-11-24T12:00:00+00:00"),
]
LAST_DAY = datetime.date(2026, 11, 24)


def test_sixteen_on_the_last_credits_exactly_as_many_get_them_as_there_are(account):
    lots = [make_purchase(account, number_of_credits=number) for number in (5, 4, 2)]
    project, actor = make_project(account), make_user()
    milestones = [make_milestone(project, 2) for _ in range(16)]
    results = at_once([lambda each=each: allocate(each, actor=actor) for each in milestones])
    assert split(results) == (5, [Shortage])
    assert sum(credits_of(lot)[0] for lot in lots) == 1
    assert Consumption.objects.aggregate(total=Sum("credits"))["total"] == 10
    allocated = Milestone.objects.values_list("credits_allocated", flat=True)
    assert sorted(allocated) == [0] * 11 + [2] * 5


def test_two_on_the_last_credits_the_second_reads_what_is_short(account):
    """Last credits: two people: one gets them, the other the shortage."""
    make_purchase(account, number_of_credits=10)
    project, actor = make_project(account), make_user()
    milestones = [make_milestone(project, 8) for _ in range(2)]
    results = at_once([lambda each=each: allocate(each, actor=actor) for each in milestones])
    (refusal,) = [result for result in results if isinstance(result, Shortage)]
    assert (refusal.needed, refusal.available, refusal.short) == (8, 2, 6)


@pytest.mark.parametrize("round_", range(4))
def test_expiring_a_lot_against_allocating_from_it(account, round_):
    """Origin: managoat/fountain#1126, expiry read the unspent amount outside the lock and took another lot's paid credit
    (bug 1)."""
    lot = make_purchase(account, expires_on=LAST_DAY)
    other = make_purchase(account)
    project, actor = make_project(account), make_user()
    milestones = [make_milestone(project, 3) for _ in range(4)]
    actions = [lambda each=each: allocate(each, actor=actor) for each in milestones]
    actions += [
        lambda: expire_purchase(lot, actor=actor, on=LAST_DAY),
        transaction.atomic(lambda: expire_credits(account.pk, account.pk, LAST_DAY + datetime.timedelta(days=1))),
    ]
    random.Random(round_).shuffle(actions)
    _, errors = split(at_once(actions))
    assert errors in ([], [Shortage], [NothingToExpire], [NothingToExpire, Shortage])
    available, allocated, expired = credits_of(lot)
    assert (available, allocated + expired) == (0, 10)
    assert credits_of(other)[2] == 0
    assert (
        sum(credits_of(each)[1] for each in (lot, other)) == 3 * Milestone.objects.filter(credits_allocated=3).count()
    )


def test_a_hot_account_ends_at_its_start_less_the_successes(account):
    """Origin: laravel-credits#20, a lock on the newest row is a moving target and loses updates (bug 13)."""
    lots = [make_purchase(account, number_of_credits=20) for _ in range(3)]
    project, actor = make_project(account), make_user()
    sizes = [random.Random(number).randint(1, 4) for number in range(32)]
    milestones = [make_milestone(project, size) for size in sizes]
    results = at_once([lambda each=each: allocate(each, actor=actor) for each in milestones])
    taken = sum(size for size, result in zip(sizes, results, strict=True) if not isinstance(result, Exception))
    assert split(results)[1] in ([], [Shortage])
    assert sum(credits_of(lot)[0] for lot in lots) == 60 - taken
    assert taken > 50


def test_giving_back_and_drawing_at_once_never_exceeds_what_was_bought(account):
    """Origin: pretix#6396, refund paths lacked the lock that payment paths had (bug 12)."""
    lot = make_purchase(account, number_of_credits=16)
    project, actor = make_project(account), make_user()
    holding = [make_milestone(project, 1) for _ in range(16)]
    for each in holding:
        allocate(each, actor=actor)
    waiting = [make_milestone(project, 1) for _ in range(16)]
    actions = [lambda each=each: adjust(each, total=0, actor=actor) for each in holding]
    actions += [lambda each=each: allocate(each, actor=actor) for each in waiting]
    random.Random(1).shuffle(actions)
    assert split(at_once(actions))[1] in ([], [Shortage])
    got = Milestone.objects.filter(credits_allocated=1).count()
    assert credits_of(lot) == (16 - got, got, 0)


def test_one_milestone_pressed_by_eight_people_is_allocated_and_completed_once(account):
    make_purchase(account, number_of_credits=32)
    milestone, actor = make_milestone(make_project(account), 4), make_user()
    assert split(at_once([lambda: allocate(milestone, actor=actor)] * 8)) == (8, [])
    assert Purchase.objects.get().credits_allocated == 4
    succeeded, errors = split(at_once([lambda: complete(milestone, actor=actor)] * 8))
    assert (succeeded, [error.__name__ for error in errors]) == (1, ["AlreadyCompleted"])
    assert milestone.completions.count() == 1


def test_moving_milestones_between_two_customers_both_ways_while_allocating_makes_no_deadlock(account):
    other = make_account("Another")
    for each in (account, other):
        make_purchase(each, number_of_credits=50)
    projects, actor = [make_project(account), make_project(other)], make_user()
    milestones = [make_milestone(projects[at % 2], 1) for at in range(12)]
    moves = [
        lambda each=each, to=projects[(at + 1) % 2]: edit_milestone(
            each, Details(project=to, name=each.name, credits_needed=1), actor=actor
        )
        for at, each in enumerate(milestones)
    ]
    draws = [lambda each=each: allocate(each, actor=actor) for each in milestones]
    results = at_once([*moves, *draws])
    assert {error.__name__ for error in split(results)[1]} <= {"BadMilestone", "NotForCredits"}
    for each in Milestone.objects.filter(credits_allocated=1).select_related("project"):
        assert each.consumptions.get().account_id == each.project.account_id
