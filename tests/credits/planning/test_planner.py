"""The planner of an account against its purchases, its milestones and what allocating does with them."""

import datetime
import random
from decimal import Decimal

import pytest

from credits.exceptions import Shortage
from credits.models import CreditsSetup, Milestone, Purchase
from credits.reports.planner import planner
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.milestones import complete
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


def days(count):
    return TODAY + datetime.timedelta(days=count)


def only(account, on=TODAY):
    (found,) = planner(account, on).currencies
    return found


def funding(found):
    return {each.milestone: dict(each.draws) for each in found.milestones}


def test_what_lapses_is_what_no_open_milestone_draws(account, project):
    """Rows "A lot is a candidate when" and "Enough or nothing". Ten credits at 80.00 to January, six at 50.00 to March."""
    sooner = make_purchase(account, expires_on=days(40))
    later = make_purchase(account, expires_on=days(100), number_of_credits=6, amount_paid_per_credit="50")
    first = make_milestone(project, 4, target_on=days(10))
    second = make_milestone(project, 8, target_on=days(60))
    third = make_milestone(project, 5, target_on=days(70))
    found = only(account)
    assert funding(found) == {first: {sooner: 4}, second: {}, third: {later: 5}}
    assert [each.short for each in found.milestones] == [0, 2, 0]
    assert [each[:3] for each in found.lapsing] == [(sooner, 6, Decimal(480)), (later, 1, Decimal(50))]
    assert (found.usual.lapsed_credits, found.usual.lapsed_money) == (7, Decimal(530))


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_is_what_allocating_on_these_days_does(project, account, time_machine, seed):
    """Each milestone allocated on its day: the same lots, the same counts, the same shortages, the same rest."""
    rng = random.Random(seed)
    for _ in range(6):
        first, count = rng.randint(-60, 40), rng.randint(1, 12)
        make_purchase(
            account, starts_on=days(first), expires_on=days(rng.randint(max(first, 0), 80)), number_of_credits=count,
            purchased_on=days(rng.randint(-90, -60)),
        )  # fmt: skip
    for _ in range(8):
        make_milestone(project, rng.randint(1, 14), target_on=days(rng.randint(-5, 70)))
    found = only(account)
    for each in found.milestones:
        try:
            allocate(each.milestone, actor=None, today=each.on)
        except Shortage as refused:
            assert refused.short == each.short
        net = dict(each.milestone.consumptions.net_by_lot().values_list("purchase", "net"))
        assert net == {lot.pk: credits for lot, credits in each.draws}
    left = dict(Purchase.objects.with_credits_left().values_list("pk", "credits_available"))
    assert left == {lapsing.lot.pk: lapsing.credits for lapsing in found.lapsing if lapsing.credits}
    assert sum(left.values()) == found.usual.lapsed_credits


def test_extending_as_suggested_saves_what_was_said(account, project, sam):
    lot = make_purchase(account, expires_on=days(20))
    make_milestone(project, 4, target_on=days(10))
    make_milestone(project, 6, target_on=days(50))
    before = only(account)
    (advice,) = before.extend
    assert (advice.subject, advice.was, advice.to) == (lot, days(20), days(50))
    assert (advice.credits, advice.money) == (6, Decimal(480))
    change_dates(lot, starts_on=lot.starts_on, expires_on=advice.to, reason="Renegotiated", actor=sam)
    after = only(account)
    assert before.usual.lapsed_credits - after.usual.lapsed_credits == advice.credits
    assert before.usual.lapsed_money - after.usual.lapsed_money == advice.money


def test_bringing_a_milestone_forward_as_suggested_saves_what_was_said(account, project):
    make_purchase(account, expires_on=days(20))
    late = make_milestone(project, 10, target_on=days(50))
    before = only(account)
    (advice,) = before.bring_forward
    assert (advice.subject, advice.was, advice.to) == (late, days(50), days(20))
    assert (advice.credits, advice.money) == (10, Decimal(800))
    Milestone.objects.filter(pk=late.pk).update(target_on=advice.to)
    assert only(account).usual.lapsed_credits == before.usual.lapsed_credits - advice.credits == 0


def test_a_purchase_with_expired_credits_is_not_to_be_extended(account, project, sam):
    """Its dates are locked; its credits, given back since, lapse all the same."""
    lot = make_purchase(account, expires_on=TODAY)
    held = make_milestone(project, 4, target_on=TODAY)
    allocate(held, actor=sam)
    expire_purchase(lot, actor=sam)
    adjust(held, total=0, actor=sam)
    Milestone.objects.filter(pk=held.pk).update(target_on=days(5))
    found = only(account)
    assert found.usual.lapsed_credits == 4
    assert found.extend == ()
    assert [advice.to for advice in found.bring_forward] == [TODAY]


def test_the_best_choice_leaves_a_milestone_out_for_two_that_use_the_lot_up(account, project):
    lot = make_purchase(account)
    early = make_milestone(project, 7, target_on=days(10))
    six, four = make_milestone(project, 6, target_on=days(20)), make_milestone(project, 4, target_on=days(30))
    found = only(account)
    assert {each.milestone: each.best_draws for each in found.milestones} == {
        early: (), six: ((lot, 6),), four: ((lot, 4),)
    }  # fmt: skip
    assert [each.changes for each in found.milestones] == [True, True, True]
    assert (found.saved_credits, found.saved_money, found.picked) == (3, Decimal(240), 0)
    assert found.best.exact


def test_what_only_picking_lots_by_hand_saves_is_told_apart(account, project):
    """The free lot expires first; one of the two lapses in any case."""
    make_purchase(account, expires_on=days(20), amount_paid_per_credit="0")
    make_purchase(account, expires_on=days(40))
    make_milestone(project, 10, target_on=days(10))
    found = only(account)
    assert (found.saved_credits, found.saved_money, found.picked) == (0, Decimal(800), Decimal(800))


def test_milestones_ask_for_what_they_still_need_and_those_that_are_done_with_for_nothing(account, project, sam):
    make_purchase(account, number_of_credits=100)
    part = make_milestone(project, 4, target_on=days(5))
    allocate(part, actor=sam)
    Milestone.objects.filter(pk=part.pk).update(credits_needed=9)
    full, done = make_milestone(project, 3), make_milestone(project, 3)
    allocate(full, actor=sam)
    allocate(done, actor=sam)
    complete(done, actor=sam, actual_on=TODAY)
    make_milestone(project, 3, status="canceled")
    make_milestone(project, None)
    undated = make_milestone(project, 2, target_on=None)
    overdue = make_milestone(project, 1, target_on=days(-3))
    make_milestone(make_project(make_account("Another")), 3)
    found = planner(account, TODAY)
    told = [(each.milestone, each.on, each.credits) for each in found.currencies[0].milestones]
    assert told == [(overdue, TODAY, 1), (part, days(5), 5)]
    assert found.undated == (undated,)


def test_only_what_is_available_of_confirmed_purchases_is_planned_with(account, project):
    """Past its expiry a lot lapses, whatever the night did so far (vm0-ai/vm0#10299), and whatever the setup allows."""
    CreditsSetup.objects.update(allocate_past_expiry=True)
    past = make_purchase(account, expires_on=days(-1))
    make_purchase(account, draft=True)
    make_milestone(project, 4, target_on=TODAY)
    found = only(account)
    assert [each[:2] for each in found.lapsing] == [(past, 10)]
    assert [each.short for each in found.milestones] == [4]


def test_credits_of_one_currency_do_not_pay_for_another(account, project):
    make_rate("GBP", "1.2711")
    make_purchase(account)
    pound = make_milestone(make_project(account, currency="GBP"), 3, target_on=days(5))
    found = planner(account, TODAY)
    assert [each.currency.code for each in found.currencies] == ["GBP", "USD"]
    assert [(each.milestone, each.short) for each in found.currencies[0].milestones] == [(pound, 3)]
    assert (found.currencies[0].lapsing, found.currencies[1].usual.lapsed_credits) == ((), 10)


def test_another_business_date_looks_ahead_from_there(account, project):
    lot = make_purchase(account, expires_on=days(20))
    make_milestone(project, 10, target_on=days(10))
    assert funding(only(account))[Milestone.objects.get()] == {lot: 10}
    assert only(account, days(21)).milestones[0].short == 10


def test_of_lots_with_the_same_dates_the_one_bought_first_is_drawn(account, project):
    """Row "Order": then purchased on, then number."""
    later = make_purchase(account, purchased_on=datetime.date(2026, 11, 2))
    earlier = make_purchase(account, purchased_on=datetime.date(2026, 11, 1), starts_on=later.starts_on)
    milestone = make_milestone(project, 4, target_on=days(5))
    assert funding(only(account))[milestone] == {earlier: 4}


def test_an_account_without_credits_and_milestones_has_nothing_to_plan(account):
    assert not planner(account, TODAY)


def test_two_queries_whatever_there_is_to_plan(account, project, django_assert_num_queries):
    make_user()
    for number in range(12):
        make_purchase(account, expires_on=days(10 + number))
        make_milestone(project, 12, target_on=days(12 + number))
    with django_assert_num_queries(2):
        found = only(account)
        assert [str(each.milestone.project.currency) for each in found.milestones]
        assert [str(each.lot.currency) for each in found.lapsing]


def test_selling_what_a_milestone_is_short_of_saves_what_was_said(account, project):
    """One credit more, and ten do not lapse."""
    make_purchase(account)
    short = make_milestone(project, 11, target_on=days(10))
    before = only(account)
    (sale,) = before.sell
    assert (sale.milestone, sale.on, sale.missing, sale.credits, sale.money) == (short, days(10), 1, 10, Decimal(800))
    make_purchase(account, number_of_credits=sale.missing, starts_on=sale.on, expires_on=sale.on)
    assert before.usual.lapsed_credits - only(account).usual.lapsed_credits == sale.credits
