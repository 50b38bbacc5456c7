"""Proportional breakage, to the cent: posting rule 12 (Revenue)."""

import datetime
from decimal import Decimal

import pytest

from credits.exceptions import BadEstimate, OwnEstimate
from credits.models import BreakageEstimate, Purchase
from credits.services.estimates import approve_estimate, propose_estimate, withdraw_estimate
from credits.services.expected_breakage import catch_up
from credits.services.expire import expire_purchase
from credits.services.milestones import complete, reopen
from credits.services.purchases import confirm_purchase, return_to_draft
from ledger.models import JournalEntry, PostingSetup, ProductPostingGroup
from tests.builders import make_account, make_purchase, make_rate, make_user, trial_balance
from tests.credits.correcting import agree, caught_up, estimated, refunded, reinstated, used
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
TOMORROW = datetime.date(2026, 11, 25)
NEXT_YEAR = datetime.date(2027, 6, 30)


def usd(**accounts: str) -> dict:
    return {code[1:]: {"USD": Decimal(amount), "LCY": Decimal(amount)} for code, amount in accounts.items()}


@pytest.fixture
def hundred(account):
    """100 credits for 8,000.00."""
    return make_purchase(account, number_of_credits=100, expires_on=TODAY)


@pytest.fixture
def expected(hundred):
    """10 % expected unused, 45 used."""
    estimated("10")
    caught_up(hundred)
    milestone = used(hundred, 45)
    agree()
    return milestone


USED = usd(_1100="8000", _2400="-4000", _4000="-3600", _4090="-400")


def test_rule_12_recognised_in_proportion_to_what_is_used(expected):
    """P x used / expected used: 8,000.00 x 45 / 90."""
    assert trial_balance() == USED
    (entry,) = JournalEntry.objects.filter(kind="completion")
    assert [(line.account_id, line.debit, line.credit) for line in entry.lines.order_by("line_no")] == [
        ("2400", 4000, 0), ("4000", 0, 3600), ("4090", 0, 400),
    ]  # fmt: skip


def test_an_estimate_of_lots_in_use_catches_up_by_the_night(hundred):
    used(hundred, 45)
    estimated("10")
    assert trial_balance() == usd(_1100="8000", _2400="-4400", _4000="-3600")
    caught_up(hundred)
    assert trial_balance() == USED
    agree()
    caught_up(hundred)
    assert JournalEntry.objects.filter(kind="estimate").count() == 1


def test_re_estimated_to_four_percent_a_quarter_of_a_thousand_goes_back(hundred, expected):
    estimated("4", on=TODAY)
    caught_up(hundred)
    assert trial_balance() == usd(_1100="8000", _2400="-4250", _4000="-3600", _4090="-150")
    agree()
    (entry,) = JournalEntry.objects.filter(kind="estimate")
    assert [(line.account_id, line.debit, line.credit) for line in entry.lines.order_by("line_no")] == [
        ("2400", 0, 250), ("4090", 250, 0),
    ]  # fmt: skip


def test_ended_by_an_estimate_of_zero(hundred, expected):
    estimated("0", on=TODAY)
    caught_up(hundred)
    assert trial_balance() == usd(_1100="8000", _2400="-4400", _4000="-3600")
    agree()


def test_the_fifty_five_unused_are_refunded(hundred, expected):
    refunded(hundred, 55)
    assert trial_balance() == usd(_1100="8000", _4000="-3600", _2450="-4400")
    entry = JournalEntry.objects.get(kind="refund")
    assert [(line.account_id, line.debit, line.credit) for line in entry.lines.order_by("line_no")] == [
        ("2400", 4000, 0), ("2450", 0, 4400), ("4090", 400, 0),
    ]  # fmt: skip
    agree()


def test_a_part_of_them_is_refunded_with_a_share_kept(hundred, expected):
    """What is expected of the others stays as it is: 8,000.00 x (45 / 90 + 10 / 100) is recognised or refunded."""
    refunded(hundred, 10, kept="25")
    assert trial_balance() == usd(_1100="8000", _2400="-3200", _4000="-3600", _2450="-600", _4090="-600")
    agree()


def test_use_beyond_the_estimate_catches_up(hundred, expected):
    used(hundred, 45)
    assert trial_balance() == usd(_1100="8000", _4000="-7200", _4090="-800")
    used(hundred, 6)
    assert trial_balance() == usd(_1100="8000", _4000="-7680", _4090="-320")
    used(hundred, 4)
    assert trial_balance() == usd(_1100="8000", _4000="-8000")
    agree()


def test_expiry_takes_what_is_left(hundred, expected):
    expire_purchase(hundred, actor=make_user())
    assert trial_balance() == usd(_1100="8000", _4000="-3600", _4090="-4400")
    (entry,) = JournalEntry.objects.filter(kind="expiry")
    assert [(line.account_id, line.debit, line.credit) for line in entry.lines.order_by("line_no")] == [
        ("2400", 4000, 0), ("4090", 0, 4000),
    ]  # fmt: skip
    agree()


def test_reinstated_after_its_expiry_it_stands_where_it_stood(hundred, expected):
    expire_purchase(hundred, actor=make_user())
    reinstated(hundred, NEXT_YEAR)
    assert trial_balance() == USED
    agree()


def test_reinstated_after_the_rate_has_changed_it_stands_where_the_new_rate_says(hundred, expected):
    expire_purchase(hundred, actor=make_user())
    estimated("4")
    caught_up(hundred)
    reinstated(hundred, NEXT_YEAR)
    caught_up(hundred)
    assert trial_balance() == usd(_1100="8000", _2400="-4250", _4000="-3600", _4090="-150")
    agree()


def test_reopened_the_whole_of_it_goes_back(hundred, expected):
    reopen(expected, actor=make_user(), reason="Not accepted")
    assert trial_balance() == usd(_1100="8000", _2400="-8000")
    agree()
    complete(expected, actor=make_user())
    night(hundred.account, TODAY)
    assert trial_balance() == USED


def test_reopened_after_others_were_used_what_is_expected_of_the_rest_stays(hundred, expected):
    """45 and 45 of 90: the first 45 reopened leave half."""
    used(hundred, 45)
    reopen(expected, actor=make_user(), reason="Not accepted")
    assert trial_balance() == USED
    agree()


def test_reopened_after_the_rate_has_changed(hundred, expected):
    """Recognised at 10 %, reopened at 4 %: the mirror of what was stored, and then what the rate of now says."""
    other = used(hundred, 15)
    estimated("4")
    caught_up(hundred)
    assert trial_balance() == usd(_1100="8000", _2400="-3000", _4000="-4800", _4090="-200")
    reopen(expected, actor=make_user(), reason="Not accepted")
    assert trial_balance() == usd(_1100="8000", _2400="-6750", _4000="-1200", _4090="-50")
    agree()
    reopen(other, actor=make_user(), reason="Not accepted")
    assert trial_balance() == usd(_1100="8000", _2400="-8000")
    agree()


@pytest.mark.parametrize(
    ("currency", "paid", "rate", "own", "lcy"),
    [
        ("GBP", "50.00", "1.2711", "111.11", "141.24"),  # 250.00 x 2 / 4.5; 317.78 x 2 / 4.5
        ("JPY", "33", "0.0067", "73", "0.49"),  # 165 x 2 / 4.5; 1.11 x 2 / 4.5
        ("KWD", "0.007", "3.2567", "0.016", "0.05"),  # 0.035 x 2 / 4.5; 0.11 x 2 / 4.5
    ],
)
def test_each_currency_and_lcy_is_cut_on_its_own(company, currency, paid, rate, own, lcy):
    make_rate(currency, rate)
    lot = make_purchase(
        make_account(currency=currency), number_of_credits=5, amount_paid_per_credit=paid, expires_on=TODAY
    )
    estimated("10")
    caught_up(lot)
    used(lot, 2)
    lot.refresh_from_db()
    assert (lot.released, lot.released_lcy) == (Decimal(own), Decimal(lcy))
    assert trial_balance()["2400"] == {currency: -lot.deferred, "LCY": -lot.deferred_lcy}
    agree()
    expire_purchase(lot, actor=make_user())
    assert "2400" not in trial_balance()
    agree()


def test_where_one_currency_goes_up_and_the_other_down_both_sides_are_written(company):
    """Cut on their own, 1 of 3 credits of 0.02 at 0.5: a line has one side, so the entry has more of them."""
    make_rate("GBP", "0.5")
    lot = make_purchase(make_account(currency="GBP"), number_of_credits=7, amount_paid_per_credit="0.01")
    for percent in ("37.5", "12.25", "55", "3"):
        estimated(percent)
        caught_up(lot)
        used(lot, 1)
        agree()
    refunded(lot, 3)
    lot.refresh_from_db()
    assert (lot.deferred, lot.deferred_lcy, lot.estimated, lot.estimated_lcy) == (0, 0, 0, 0)


class TestInForce:
    def test_from_its_effective_date_on(self, hundred):
        used(hundred, 45)
        estimated("10", on=TOMORROW)
        caught_up(hundred, TODAY)
        assert "4090" not in trial_balance()
        caught_up(hundred, TOMORROW)
        assert trial_balance() == USED
        assert JournalEntry.objects.get(kind="estimate").effective_on == TOMORROW

    def test_a_past_night_run_again_leaves_it_to_tonight_s(self, account, hundred):
        """The estimate of that day meets neither the use nor the lots of today."""
        estimated("10", on=TODAY - 23 * DAY)
        estimated("4", on=TODAY - 2 * DAY)
        used(hundred, 45)
        caught_up(hundred)
        make_purchase(account, purchased_on=TODAY, starts_on=TODAY)
        before = trial_balance(), JournalEntry.objects.count()
        for days in (20, 4, 1):
            caught_up(hundred, TODAY - days * DAY)
            assert (trial_balance(), JournalEntry.objects.count()) == before
        assert set(Purchase.objects.values_list("breakage_rate", flat=True)) == {4}

    def test_the_later_approval_of_two_of_one_day(self, hundred):
        estimated("10")
        estimated("4")
        caught_up(hundred)
        assert Purchase.objects.get(pk=hundred.pk).breakage_rate == 4

    def test_a_lot_takes_the_rate_when_it_is_confirmed_and_again_after_a_draft(self, account, sam):
        estimated("10")
        lot = make_purchase(account)
        assert lot.breakage_rate == 10
        estimated("4")
        lot = confirm_purchase(return_to_draft(lot, actor=sam), actor=sam)
        assert Purchase.objects.get(pk=lot.pk).breakage_rate == 4
        agree()

    def test_other_product_groups_and_spent_or_free_lots_stay(self, account, sam):
        ProductPostingGroup.objects.create(code="OTHER", name="Other")
        PostingSetup.objects.create(
            business_group_id="DOMESTIC", product_group_id="OTHER", receivable_id="1100", deferral_id="2400",
            sales_id="4000", breakage_id="4090", refund_id="2450",
        )  # fmt: skip
        other = make_purchase(account, product_group=ProductPostingGroup.objects.get(pk="OTHER"))
        free = make_purchase(account, amount_paid_per_credit="0")
        spent = make_purchase(account, expires_on=TODAY)
        expire_purchase(spent, actor=sam)
        estimated("10")
        caught_up(other)
        assert set(Purchase.objects.values_list("breakage_rate", flat=True)) == {0}
        used(free, 4)
        agree()


class TestRefused:
    @pytest.mark.parametrize(
        ("percent", "said"), [("-1", "enter 0 to 99"), ("99.5", "enter 0 to 99"), ("9.999", "at most two decimals")]
    )
    def test_a_share_that_is_none(self, company, sam, percent, said):
        with pytest.raises(BadEstimate, match=said) as refused:
            propose(percent, actor=sam)
        assert refused.value.field == "expected_unused" and not BreakageEstimate.objects.exists()

    def test_without_a_reason_or_by_one_person(self, company, sam):
        with pytest.raises(BadEstimate, match="what the estimate rests on"):
            propose("10", actor=sam, reason=" ")
        with pytest.raises(OwnEstimate, match="another person approves it"):
            approve_estimate(propose("10", actor=sam), actor=sam)

    def test_one_in_force_is_not_withdrawn_and_not_approved_again(self, company, sam):
        proposal = propose("10", actor=sam)
        approved = approve_estimate(proposal, actor=make_user("approver"))
        assert approve_estimate(approved, actor=make_user("third")).approved_by.username == "approver"
        with pytest.raises(BadEstimate, match="is approved"):
            withdraw_estimate(approved, actor=sam)
        withdraw_estimate(propose("12", actor=sam), actor=sam)
        assert BreakageEstimate.objects.get().expected_unused == 10

    def test_without_a_breakage_account_the_lot_stays_behind_and_is_named(self, hundred, sam):
        used(hundred, 45)
        estimated("10")
        PostingSetup.objects.update(breakage=None)
        before = trial_balance()
        written, [(lots, refusal)] = catch_up(hundred.account_id, hundred.account_id, on=TODAY)
        assert (written, lots, trial_balance()) == ([], 1, before) and "no breakage account" in str(refusal)


def propose(percent: str, *, actor, reason: str = "History") -> BreakageEstimate:
    group = ProductPostingGroup.objects.get(pk="CREDITS")
    return propose_estimate(group, expected_unused=Decimal(percent), effective_on=TODAY, reason=reason, actor=actor)
