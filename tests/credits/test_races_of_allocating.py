"""Many milestones of one customer at once, on real connections: as many get their credits as there are, and nobody waits in
a circle."""

import random

import pytest
from django.test import Client
from django.urls import reverse

from credits.exceptions import BadPicks, ManyShort, Shortage
from credits.models import CreditsSetup, Milestone, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.allocate_many import allocate_many
from credits.services.pick import allocate_by_hand
from tests.builders import make_milestone, make_project, make_purchase, make_user
from tests.credits.desk import DELIVERING, Page, sign_in
from tests.credits.nights import credits_of
from tests.racing import at_once, split

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


def holding(count: int) -> int:
    return Milestone.objects.filter(credits_allocated=count).count()


def test_twenty_on_credits_for_ten_exactly_ten_get_them(account):
    """Row "Two people allocating the last credits": one gets them, the other gets the shortage message."""
    for number in (7, 13):
        make_purchase(account, number_of_credits=number)
    project, actor = make_project(account), make_user()
    milestones = [make_milestone(project, 2) for _ in range(20)]
    results = at_once([lambda each=each: allocate(each, actor=actor) for each in milestones])
    assert split(results) == (10, [Shortage])
    assert (holding(2), holding(0)) == (10, 10)
    assert set(Purchase.objects.values_list("credits_available", flat=True)) == {0}


def test_twenty_people_confirm_the_window_at_once_and_none_meets_an_error(account):
    make_purchase(account, number_of_credits=20)
    milestones = [make_milestone(make_project(account), 2) for _ in range(20)]
    pages = []
    for number, each in enumerate(milestones):
        client = Client()
        sign_in(client, *DELIVERING, name=f"dana{number}")
        pages.append(Page(client, reverse("credits:milestone-credits", args=[each.pk])))
    sent = [page.data | {"fingerprint": page.preview().fingerprint} for page in pages]
    answers = at_once(
        [
            lambda page=page, data=data: page.client.post(page.url, data).status_code
            for page, data in zip(pages, sent, strict=True)
        ]
    )
    # 200: the page again, with the shortage or with what is different now.
    assert set(answers) <= {200, 302}
    assert answers.count(302) == holding(2) <= 10
    assert credits_of(Purchase.objects.get()) == (20 - 2 * holding(2), 2 * holding(2), 0)


@pytest.mark.parametrize("fitting", [False, True])
def test_many_at_once_against_single_ones(account, fitting):
    make_purchase(account, number_of_credits=20)
    project, actor = make_project(account), make_user()
    milestones = [make_milestone(project, 2) for _ in range(20)]
    groups = [[each.pk for each in milestones[at : at + 5]] for at in (0, 5)]
    actions = [lambda keys=keys: allocate_many(project, keys, fitting=fitting, actor=actor) for keys in groups]
    actions += [lambda each=each: allocate(each, actor=actor) for each in milestones[3:]]
    random.Random(fitting).shuffle(actions)
    results = at_once(actions)
    assert set(split(results)[1]) <= {Shortage, ManyShort}
    assert (holding(2), holding(0)) == (10, 10)
    assert credits_of(Purchase.objects.get()) == (0, 20, 0)


def test_the_same_many_pressed_by_eight_people_are_allocated_once(account):
    make_purchase(account, number_of_credits=100)
    project = make_project(account)
    keys = [make_milestone(project, 2).pk for _ in range(10)]
    actor = make_user()
    succeeded, errors = split(at_once([lambda: allocate_many(project, keys, actor=actor)] * 8))
    assert (succeeded, errors) == (8, [])
    assert credits_of(Purchase.objects.get()) == (80, 20, 0)


def test_many_at_once_while_others_give_back_makes_no_deadlock(account):
    lots = [make_purchase(account, number_of_credits=10) for _ in range(4)]
    project, actor = make_project(account), make_user()
    held = [make_milestone(project, 2) for _ in range(10)]
    allocate_many(project, [each.pk for each in held], actor=actor)
    keys = [make_milestone(project, 4).pk for _ in range(8)]
    actions = [lambda each=each: adjust(each, total=0, actor=actor) for each in held]
    actions += [lambda: allocate_many(project, keys, fitting=True, actor=actor)] * 4
    random.Random(2).shuffle(actions)
    assert split(at_once(actions))[1] == []
    assert sum(credits_of(lot)[1] for lot in lots) == 4 * holding(4) <= 32


def test_two_people_pick_the_last_credits_one_gets_them(account):
    """Row "Manual allocation", raced: the other is refused at the lot."""
    CreditsSetup.objects.update(manual_allocation=True)
    lot, other = (make_purchase(account, number_of_credits=number) for number in (4, 50))
    project, actor = make_project(account), make_user()
    milestones = [make_milestone(project, 5) for _ in range(8)]
    results = at_once(
        [lambda each=each: allocate_by_hand(each, {lot.pk: 4, other.pk: 1}, actor=actor) for each in milestones]
    )
    assert split(results) == (1, [BadPicks])
    assert {error.field for error in results if isinstance(error, BadPicks)} == {f"lot-{lot.pk}"}
    assert (credits_of(lot), credits_of(other)) == ((0, 4, 0), (49, 1, 0))
