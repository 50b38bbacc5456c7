"""What the night tells of low balances and of milestones that are short of credits: once, until it is otherwise
(What staff and customers see)."""

from functools import partial

import pytest

from credits.models import AccountRules, CreditsSetup, Notice
from credits.services.allocate import adjust, allocate
from credits.services.notices import Told
from tests.builders import make_account, make_milestone, make_purchase, make_rate
from tests.credits.telling import TODAY, days, night, noon, open_notices

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


@pytest.fixture
def at(time_machine):
    """Moves to noon, so many days from today."""
    return partial(noon, time_machine)


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

    def test_a_milestone_draws_on_its_target_date(self, account, project):
        """What starts before it is there, and what lapses before it is not, except for whoever draws before that."""
        make_purchase(account, number_of_credits=10, starts_on=days(5), expires_on=days(200))
        make_purchase(account, number_of_credits=6, expires_on=days(8))
        make_milestone(project, 6, target_on=days(7))
        make_milestone(project, 10, target_on=days(20))
        night()
        assert open_notices("short") == []
        later = make_milestone(project, 2, target_on=days(21))
        night()
        assert open_notices("short") == [(None, later.number, 2, 2, days(21))]

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
