"""Why not? The parts of each lot add up to its number of credits, and what is held back is what an allocation refuses for.

Allocation: "Enough or nothing: … how many are held back by each reason".
"""

import datetime
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.exceptions import Shortage
from credits.models import CreditsSetup, Milestone, Purchase
from credits.reports.availability import HELD_BACK, Reason, candidates, held_back
from credits.reports.why_not import by_reason, why_not_account, why_not_milestone, why_not_purchase
from credits.services.allocate import adjust, allocate
from credits.services.corrections import approve_correction, request_refund
from credits.services.milestones import complete
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate, make_user
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def euro(company):
    make_rate("EUR", "1.1")


def scene(seed: int) -> list[Milestone]:
    """A customer whose lots went through everything, by chance; gives the milestones."""
    chance = random.Random(seed)
    account, sam = make_account(), make_user()
    for _ in range(12):
        starts_on = TODAY + chance.randint(-20, 5) * DAY
        terms = {"starts_on": starts_on, "expires_on": starts_on + chance.randint(0, 30) * DAY}
        terms |= {"currency": chance.choice(["USD", "USD", "EUR"]), "number_of_credits": chance.randint(1, 20)}
        make_purchase(account, draft=chance.random() < 0.2, **terms)
    CreditsSetup.objects.update(grace_period_days=chance.randint(0, 3), allocate_past_expiry=chance.random() < 0.3)
    projects = [make_project(account, currency=currency) for currency in ("USD", "EUR")]
    milestones = [make_milestone(chance.choice(projects), chance.randint(1, 9)) for _ in range(8)]
    for milestone in milestones:
        _draw(milestone, chance, sam)
    night(account, TODAY - 4 * DAY)
    for milestone in Milestone.objects.filter(credits_allocated__gt=0, actual_on=None)[:2]:
        adjust(milestone, total=0, actor=sam)
    night(account, TODAY - 2 * DAY)
    _refund(account, chance, sam)
    return list(Milestone.objects.select_related("project__account", "project__currency"))


def _draw(milestone, chance, sam) -> None:
    try:
        allocate(milestone, actor=sam, on=TODAY - chance.randint(0, 10) * DAY)
    except Shortage:
        return
    if chance.random() < 0.4:
        milestone.refresh_from_db()
        complete(milestone, actor=sam)


def _refund(account, chance, sam) -> None:
    for lot in account.purchases.with_credits_left()[:2]:
        asked = request_refund(lot, credits=chance.randint(1, lot.credits_available), reason="Canceled", actor=sam)
        approve_correction(asked, actor=make_user("second"))


@pytest.mark.parametrize("seed", range(6))
def test_the_parts_of_each_lot_add_up_and_what_is_held_back_is_what_is_refused(seed):
    milestones = scene(seed)
    for milestone in milestones[:3]:
        for on in (TODAY - 5 * DAY, TODAY, TODAY + 9 * DAY):
            answer = why_not_milestone(milestone, on)
            for found in answer.lots:
                assert sum(part.credits for part in found.parts) == found.lot.number_of_credits
                sums = by_reason([found])
                held = sums.get(Reason.ALLOCATED, 0) + sums.get(Reason.CONSUMED, 0)
                gone = sums.get(Reason.EXPIRED, 0), sums.get(Reason.REFUNDED, 0)
                assert (held, *gone) == credits_of(found.lot)
            project = milestone.project
            told = [(reason, answer.totals[reason]) for reason in HELD_BACK if reason in answer.totals]
            assert told == [(each.reason, each.credits) for each in held_back(project, on)]
            free = sum(lot.credits_available for lot in candidates(project, on))
            assert answer.totals.get(Reason.AVAILABLE, 0) == free


def credits_of(lot: Purchase) -> tuple[int, int, int]:
    return Purchase.objects.values_list("credits_allocated", "credits_expired", "credits_refunded").get(pk=lot.pk)


def test_the_scenes_contain_every_reason():
    """What adds up above was there."""
    found = set()
    for seed in range(4):
        for milestone in scene(seed):
            found |= set(why_not_milestone(milestone, TODAY).totals)
    assert found == set(Reason)


def test_the_shortage_says_the_same_words_and_numbers(account, project, sam):
    """Allocation: needed, available, short, and how many are held back by each reason."""
    make_purchase(account, draft=True)
    make_purchase(account, starts_on=TODAY + DAY, number_of_credits=20)
    make_purchase(account, expires_on=TODAY - DAY, number_of_credits=30)
    milestone = make_milestone(project)
    with pytest.raises(Shortage) as refused:
        allocate(milestone, actor=sam)
    totals = why_not_milestone(milestone, TODAY).totals
    assert totals == {held.reason: held.credits for held in refused.value.held_back}
    assert all(f"{credits} {reason}" in str(refused.value) for reason, credits in totals.items())


def queries(ask) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def test_as_many_queries_for_one_lot_and_milestone_as_for_many(account, project, sam):
    counts = []
    for number in (1, 15):
        for _ in range(number):
            lot = make_purchase(account)
            milestone = make_milestone(project, 3)
            allocate(milestone, actor=sam)
            make_milestone(project, 2)
        milestone = Milestone.objects.select_related("project__account").get(pk=milestone.pk)
        asked = ((why_not_milestone, milestone), (why_not_purchase, lot), (why_not_account, account))
        counts.append([queries(lambda ask=ask, of=of: ask(of, TODAY)) for ask, of in asked])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 6
