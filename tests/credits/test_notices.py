"""What the night tells of the credits: each thing once, until its cause is gone (services-credits.md, "What staff and
customers see")."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.night import run_nights
from credits.models import AccountRules, CreditsSetup, Notice
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.notices import Told, count_untold, tell
from credits.services.purchases import return_to_draft
from tests.builders import make_account, make_milestone, make_purchase, make_rate

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
EVERYBODY = (0, 2**63 - 1)


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


@pytest.fixture
def at(time_machine):
    """Noon, so many days from today."""

    def move(count: int) -> datetime.date:
        time_machine.move_to(datetime.datetime.combine(days(count), datetime.time(12), datetime.UTC), tick=False)
        return days(count)

    return move


def night(on: datetime.date = TODAY) -> Told:
    """The step, run twice: the second time it changes nothing."""
    told = tell(*EVERYBODY, on=on)
    stands = list(Notice.objects.order_by("id").values())
    assert tell(*EVERYBODY, on=on) == Told()
    assert list(Notice.objects.order_by("id").values()) == stands
    return told


def open_notices(kind: str) -> list[tuple]:
    rows = Notice.objects.open().filter(kind=kind).order_by("due_on", "id")
    return list(rows.values_list("purchase__number", "milestone__number", "threshold", "credits", "due_on"))


def history(lot) -> list[tuple]:
    return list(lot.notices.order_by("id").values_list("due_on", "threshold", "raised_on", "settled_on"))


class TestExpiring:
    def test_each_lot_is_told_once_at_each_of_the_days_of_notice(self, account, at):
        lot = make_purchase(account, expires_on=days(91))
        assert night() == Told()
        assert night(at(1)) == Told(told=1)
        for count in (2, 30):
            assert night(at(count)) == Told()
        assert night(at(31)) == Told(told=1, settled=1)
        assert night(at(61)) == Told(told=1, settled=1)
        assert night(at(91)) == Told()  # its last usable day
        assert open_notices("expiring") == [(lot.number, None, 30, 10, days(91))]
        assert night(at(92)) == Told(settled=1)
        assert history(lot) == [
            (days(91), 90, days(1), days(31)),
            (days(91), 60, days(31), days(61)),
            (days(91), 30, days(61), days(92)),
        ]

    def test_the_last_usable_day_counts(self, account):
        """bugs-to-tests.md, row 4 (s2member#612): the expiry date is the last usable day, and is the date that is told."""
        last, over = make_purchase(account, expires_on=TODAY), make_purchase(account, expires_on=days(-1))
        night()
        assert open_notices("expiring") == [(last.number, None, 30, 10, TODAY)]
        assert not over.notices.exists()

    def test_a_lot_that_passed_three_days_of_notice_in_missed_nights_is_told_once_with_the_nearest(self, account, at):
        list(run_nights(days(-1)))
        lot = make_purchase(account, expires_on=days(100))
        at(80)
        assert [run.state for run in run_nights()] == ["done"] * 81
        assert history(lot) == [(days(100), 30, days(80), None)]

    def test_an_earlier_night_run_again_takes_no_notice_back(self, account, at):
        lot = make_purchase(account, expires_on=days(90))
        night()
        night(at(30))
        told = history(lot)
        assert tell(*EVERYBODY, on=TODAY) == Told() and count_untold(*EVERYBODY, on=TODAY) == 0
        assert history(lot) == told

    def test_an_extended_lot_is_told_again_for_its_new_date(self, account, sam, at):
        lot = make_purchase(account, expires_on=days(20))
        night()
        change_dates(lot, starts_on=lot.starts_on, expires_on=days(50), reason="Renewed", actor=sam)
        assert night() == Told(told=1, settled=1)
        change_dates(lot, starts_on=lot.starts_on, expires_on=days(200), reason="Renewed", actor=sam)
        assert night() == Told(settled=1)
        change_dates(lot, starts_on=lot.starts_on, expires_on=days(20), reason="A mistake", actor=sam)
        assert night() == Told(reopened=1)  # the first date, which was told
        assert [row[:2] for row in history(lot)] == [(days(20), 30), (days(50), 60)]

    def test_used_credits_settle_it_and_given_back_ones_open_it_without_telling_it_again(self, account, project, sam):
        make_purchase(account, expires_on=days(20))
        night()
        milestone = make_milestone(project, 10)
        allocate(milestone, actor=sam)
        assert night() == Told(settled=1)
        adjust(milestone, total=7, actor=sam)
        assert night().told == 0
        assert [row[2:4] for row in open_notices("expiring")] == [(30, 10)]  # the figures of the night that told it

    def test_free_lots_and_lots_that_start_later_are_told_of_and_drafts_are_not(self, account, sam):
        free = make_purchase(account, amount_paid_per_credit="0", expires_on=days(3))
        later = make_purchase(account, starts_on=days(5), expires_on=days(9))
        make_purchase(account, draft=True, expires_on=days(3))
        back = make_purchase(account, expires_on=days(12))
        night()
        assert [row[0] for row in open_notices("expiring")] == [free.number, later.number, back.number]
        return_to_draft(back, actor=sam)
        assert night() == Told(settled=1)

    def test_what_is_expired_by_hand_is_settled(self, account, sam):
        lot = make_purchase(account, expires_on=TODAY)
        night()
        expire_purchase(lot, actor=sam)
        assert night() == Told(settled=1)

    def test_without_days_of_notice_nothing_is_told(self, account):
        CreditsSetup.objects.update(notice_days=[])
        make_purchase(account, expires_on=days(1))
        assert night() == Told()


class TestLowBalance:
    @pytest.fixture(autouse=True)
    def fewest(self, company):
        CreditsSetup.objects.update(low_balance_credits=8, notice_days=[])

    def test_it_is_told_once_until_the_balance_has_recovered(self, account, project, sam, at):
        make_purchase(account)
        assert night() == Told()
        allocate(make_milestone(project, 3), actor=sam)
        assert night() == Told(told=1)
        allocate(make_milestone(project, 2), actor=sam)
        assert night(at(1)) == Told()
        assert open_notices("low_balance") == [(None, None, 8, 7, None)]
        make_purchase(account, number_of_credits=3)
        assert night(at(2)) == Told(settled=1)
        allocate(make_milestone(project, 1), actor=sam)
        assert night(at(3)) == Told(told=1)
        rows = Notice.objects.order_by("id").values_list("credits", "raised_on", "settled_on")
        assert list(rows) == [(7, TODAY, days(2)), (7, days(3), None)]

    def test_the_rule_of_the_account_goes_before_that_of_the_setup(self, account):
        many, few = account, make_account()
        for each in (many, few):
            make_purchase(each, number_of_credits=9)
        AccountRules.objects.create(account=many, low_balance_credits=10)
        AccountRules.objects.create(account=few)
        night()
        assert list(Notice.objects.values_list("account", "threshold", "credits")) == [(many.pk, 10, 9)]
        CreditsSetup.objects.update(low_balance_credits=None)
        assert night() == Told()
        AccountRules.objects.all().delete()
        assert night() == Told(settled=1)

    def test_each_currency_has_its_balance_and_only_what_can_be_drawn_counts(self, account):
        make_rate("GBP", "1.2711")
        make_purchase(account)
        make_purchase(account, currency="GBP", amount_paid_per_credit="50", number_of_credits=5)
        make_purchase(account, currency="GBP", amount_paid_per_credit="50", starts_on=days(1), expires_on=days(9))
        make_purchase(account, currency="GBP", amount_paid_per_credit="50", draft=True)
        night()
        assert list(Notice.objects.values_list("currency", "credits")) == [("GBP", 5)]

    def test_credits_past_expiry_count_where_the_setup_lets_them_be_drawn(self, account):
        make_purchase(account, expires_on=days(-1))
        CreditsSetup.objects.update(allocate_past_expiry=True)
        assert night() == Told()
        CreditsSetup.objects.update(allocate_past_expiry=False)
        assert night() == Told(told=1)

    def test_who_bought_nothing_for_long_is_no_customer_with_a_low_balance(self, account, at):
        lot = make_purchase(account, number_of_credits=1)
        night()
        assert night(at((lot.expires_on - TODAY).days + 90)) == Told()
        assert night(at((lot.expires_on - TODAY).days + 91)) == Told(settled=1)

    def test_the_largest_lots_there_are_add_up(self, account):
        for _ in range(12):
            make_purchase(account, number_of_credits=10**18 - 1, value_per_credit="0", amount_paid_per_credit="0")
        assert night() == Told()


class TestShort:
    def test_the_credits_serve_milestones_by_target_date_and_the_rest_is_short(self, account, project):
        make_purchase(account)
        first = make_milestone(project, 8, target_on=days(-3))
        second = make_milestone(project, 5, target_on=days(10))
        third = make_milestone(project, 4, target_on=days(30))
        make_milestone(project, 4, target_on=days(31))
        make_milestone(project, 4, target_on=None)
        assert night() == Told(told=2)
        assert open_notices("short") == [
            (None, second.number, 5, 3, days(10)),
            (None, third.number, 4, 4, days(30)),
        ]
        assert not first.notices.exists()

    def test_it_is_told_once_until_need_or_allocation_changes_and_settled_when_allocated(
        self, account, project, sam, at
    ):
        make_purchase(account, number_of_credits=6)
        milestone = make_milestone(project, 6, target_on=days(5))
        allocate(milestone, actor=sam)
        type(milestone).objects.filter(pk=milestone.pk).update(credits_needed=9)
        assert night() == Told(told=1)
        assert night(at(1)) == Told()
        type(milestone).objects.filter(pk=milestone.pk).update(credits_needed=8)
        assert night() == Told()  # a night of yesterday
        assert night(days(1)) == Told(told=1, settled=1)
        make_purchase(account, number_of_credits=2)
        assert night(days(1)) == Told(settled=1)
        adjust(milestone, total=8, actor=sam)
        assert night(days(1)) == Told()
        found = Notice.objects.order_by("id").values_list("threshold", "credits", "settled_on")
        assert list(found) == [(3, 3, days(1)), (2, 2, days(1))]

    def test_whoever_waits_for_nothing_is_not_short(self, account, project):
        for status in ("planned", "canceled", ""):
            make_milestone(project, 5, status=status, target_on=TODAY)
        make_milestone(project, None, target_on=TODAY)
        assert night() == Told()
        CreditsSetup.objects.update(statuses_without_allocation=["canceled"])
        assert night() == Told(told=2)

    def test_credits_in_another_currency_or_of_another_customer_pay_for_nothing(self, account, project):
        make_rate("GBP", "1.2711")
        make_purchase(account, currency="GBP", amount_paid_per_credit="50")
        make_purchase(make_account())
        milestone = make_milestone(project, 10, target_on=TODAY)
        night()
        assert open_notices("short") == [(None, milestone.number, 10, 10, TODAY)]


def test_a_range_of_accounts_leaves_the_others_alone(account):
    other = make_account()
    for each in (account, other):
        make_purchase(each, expires_on=days(1))
    assert tell(other.pk, other.pk, on=TODAY) == Told(told=1)
    assert tell(account.pk, account.pk, on=TODAY) == Told(told=1)


def test_the_statements_do_not_grow_with_the_lots(account, project):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            tell(*EVERYBODY, on=TODAY)
        return len(captured)

    CreditsSetup.objects.update(low_balance_credits=1000)
    few = statements()
    for count in range(20):
        make_purchase(account, expires_on=days(count))
        make_milestone(project, 50, target_on=days(count))
    assert (statements(), Notice.objects.count() > 30) == (few, True)


def test_what_is_counted_is_what_the_night_tells(account, project):
    make_purchase(account, expires_on=days(1))
    make_milestone(project, 50, target_on=days(3))
    assert count_untold(*EVERYBODY, on=TODAY) == 2
    assert night() == Told(told=2)
    assert count_untold(*EVERYBODY, on=TODAY) == 0
