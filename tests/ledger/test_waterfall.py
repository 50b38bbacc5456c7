"""The waterfall, to the cent: what of the deferred revenue of a day is due to be recognised or to lapse, month by month."""

import datetime
from decimal import Decimal

import pytest

from config.night import run_nights
from credits.models import CreditsSetup
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.edit_milestone import Details, edit_milestone
from credits.services.milestones import complete, reopen
from credits.services.purchases import confirm_purchase, edit_draft, return_to_draft
from ledger.models import PostingSetup
from ledger.reports.deferrals import Asked
from ledger.reports.forecast import forecast, parts
from tests import builders
from tests.recorded import recorded_on

pytestmark = pytest.mark.django_db
D = datetime.date
BOUGHT, HELD, TODAY, DUE = D(2026, 11, 2), D(2026, 11, 10), D(2026, 11, 24), D(2026, 12, 15)


def told(on=TODAY, **asked) -> list[tuple]:
    """(month, currency, to be recognised, to lapse), in the transaction currency."""
    rows = forecast(Asked(on=on, **asked))
    return [(row.bucket, row.currency.code, row.own.recognise, row.own.lapse) for row in rows]


def told_lcy(on=TODAY, **asked) -> list[tuple]:
    rows = forecast(Asked(on=on, **asked))
    return [(row.bucket, row.lcy.recognise, row.lcy.lapse) for row in rows]


@pytest.fixture
def sam(db):
    return builders.make_user("sam")


@pytest.fixture
def account(db):
    builders.make_company(lcy="USD")
    return builders.make_account()


@pytest.fixture
def project(account):
    return builders.make_project(account)


@pytest.fixture
def lot(account):
    """Lot A: 10 credits, paid 80.00, usable to 29 January."""
    with recorded_on(BOUGHT):
        return builders.make_purchase(account, expires_on=D(2027, 1, 29))


def hold(project, credits, sam, *, on=HELD, target=DUE):
    milestone = builders.make_milestone(project, credits, target_on=target)
    with recorded_on(on):
        allocate(milestone, actor=sam)
    return milestone


def test_what_nobody_has_planned_lapses_the_day_after_its_expiry(lot):
    assert told() == [("2027-01", "USD", 0, 800)]
    (part,) = parts(Asked(on=TODAY))
    assert (part.lot, part.behind, part.due_on, part.expires_on) == (lot.lot, lot.lot, D(2027, 1, 30), D(2027, 1, 29))


def test_the_days_of_grace_put_the_lapse_off(lot):
    CreditsSetup.objects.update(grace_period_days=3)
    assert told() == [("2027-02", "USD", 0, 800)]


def test_what_is_allocated_is_due_on_the_target_date_and_the_rest_lapses(lot, project, sam):
    milestone = hold(project, 4, sam)
    assert told() == [("2026-12", "USD", 320, 0), ("2027-01", "USD", 0, 480)]
    first, _ = parts(Asked(on=TODAY))
    assert (first.behind, first.cause, first.due_on) == (f"milestone:{milestone.pk}", "recognise", D(2026, 12, 15))


@pytest.mark.parametrize("target", [None, D(2026, 11, 23)])
def test_without_a_target_to_come_it_is_overdue(lot, project, sam, target):
    hold(project, 4, sam, target=target)
    assert told() == [("past", "USD", 320, 0), ("2027-01", "USD", 0, 480)]


def test_the_target_of_the_day_itself_is_not_overdue(lot, project, sam):
    hold(project, 4, sam, target=TODAY)
    assert told()[0] == ("2026-11", "USD", 320, 0)


def test_what_is_completed_is_due_at_once_and_gone_once_a_night_has_earned_it(lot, project, sam):
    milestone = hold(project, 4, sam)
    with recorded_on(D(2026, 11, 20)):
        complete(milestone, actor=sam)
    assert told() == [("2026-11", "USD", 320, 0), ("2027-01", "USD", 0, 480)]
    with recorded_on(D(2026, 11, 21)):
        list(run_nights())
    assert told() == [("2027-01", "USD", 0, 480)]
    # The books of 19 November knew nothing of it, and are told the same today.
    assert told(D(2026, 11, 19)) == [("2026-12", "USD", 320, 0), ("2027-01", "USD", 0, 480)]


def test_completed_in_an_earlier_month_it_is_due_in_the_month_asked_for(lot, project, sam):
    milestone = hold(project, 4, sam)
    with recorded_on(D(2026, 11, 20)):
        complete(milestone, actor=sam)
    assert told(D(2026, 12, 1))[0] == ("2026-12", "USD", 320, 0)


def test_reopened_it_waits_for_its_target_again(lot, project, sam):
    milestone = hold(project, 4, sam)
    with recorded_on(D(2026, 11, 12)):
        complete(milestone, actor=sam)
        list(run_nights())
    with recorded_on(D(2026, 11, 20)):
        reopen(milestone, actor=sam, reason="Scope changed")
        adjust(milestone, total=1, actor=sam)
    assert told() == [("2026-12", "USD", 80, 0), ("2027-01", "USD", 0, 720)]
    assert told(D(2026, 11, 19)) == [("2027-01", "USD", 0, 480)]
    assert told(known_on=D(2026, 11, 19)) == [("2027-01", "USD", 0, 480)]


def test_a_milestone_dated_before_its_allocation_was_earned_then(lot, project, sam):
    milestone = hold(project, 4, sam, on=D(2026, 11, 20))
    with recorded_on(D(2026, 11, 20)):
        complete(milestone, actor=sam, actual_on=D(2026, 11, 5))
        list(run_nights())
    assert told(D(2026, 11, 10)) == [("2027-01", "USD", 0, 480)]


def test_an_extension_moves_the_lapse_only_from_the_day_it_was_known(lot, sam):
    with recorded_on(D(2026, 11, 20)):
        change_dates(lot, starts_on=lot.starts_on, expires_on=D(2027, 3, 31), reason="Asked for", actor=sam)
    assert told() == [("2027-04", "USD", 0, 800)]
    assert told(known_on=D(2026, 11, 20)) == [("2027-04", "USD", 0, 800)]
    assert told(known_on=D(2026, 11, 19)) == [("2027-01", "USD", 0, 800)]


def test_a_late_posting_changes_the_forecast_of_its_day_and_not_what_was_known(lot, account):
    with recorded_on(D(2026, 11, 20)):
        builders.make_purchase(account, purchased_on=D(2026, 11, 5), expires_on=D(2027, 1, 29))
    assert told(D(2026, 11, 10)) == [("2027-01", "USD", 0, 1600)]
    assert told(D(2026, 11, 10), known_on=D(2026, 11, 10)) == [("2027-01", "USD", 0, 800)]


def test_past_expiry_and_not_lapsed_yet_is_overdue(lot):
    assert told(D(2027, 1, 30)) == [("2027-01", "USD", 0, 800)]
    assert told(D(2027, 1, 31)) == [("past", "USD", 0, 800)]


def test_thirds_of_a_lot_end_at_what_is_deferred_in_both_currencies(account, sam):
    """100.00 GBP at 1.2711 is 127.11 USD: 42.37 a third. 10.01 has no thirds at all."""
    builders.make_rate("GBP", "1.2711")
    terms = {"currency": "GBP", "number_of_credits": 7, "amount_paid_per_credit": "1.43", "expires_on": D(2027, 1, 29)}
    with recorded_on(BOUGHT):
        builders.make_purchase(account, **terms)
    project = builders.make_project(account, currency="GBP")
    hold(project, 2, sam, target=D(2026, 12, 1))
    hold(project, 2, sam, target=D(2027, 1, 5))
    # 10.01 GBP = 12.72 USD: R(2) = 3.63, R(4) = 7.27 and the rest.
    assert told() == [
        ("2026-12", "GBP", Decimal("2.86"), 0),
        ("2027-01", "GBP", Decimal("2.86"), Decimal("4.29")),
    ]
    assert told_lcy() == [("2026-12", Decimal("3.63"), 0), ("2027-01", Decimal("3.64"), Decimal("5.45"))]


@pytest.mark.parametrize(
    ("currency", "rate", "price", "own", "lcy"),
    [
        ("JPY", "0.006611", "1001", ("1001", "2002"), ("6.62", "13.23")),
        ("KWD", "3.2501", "0.125", ("0.125", "0.250"), ("0.41", "0.81")),
    ],
)
def test_currencies_of_no_and_of_three_decimals(account, sam, currency, rate, price, own, lcy):
    builders.make_rate(currency, rate)
    with recorded_on(BOUGHT):
        builders.make_purchase(
            account, currency=currency, number_of_credits=3, amount_paid_per_credit=price, expires_on=D(2027, 1, 29)
        )
    hold(builders.make_project(account, currency=currency), 1, sam)
    (due, lapse) = forecast(Asked(on=TODAY))
    assert (due.own.recognise, lapse.own.lapse) == tuple(map(Decimal, own))
    assert (due.lcy.recognise, lapse.lcy.lapse) == tuple(map(Decimal, lcy))


def test_what_is_forecast_is_what_the_nights_post(account, sam):
    """A lot of 250.00 GBP at 1.2711: 127.11, 127.11 and 63.56 in USD."""
    builders.make_rate("GBP", "1.2711")
    with recorded_on(BOUGHT):
        builders.make_purchase(
            account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00", expires_on=D(2027, 1, 29)
        )
    project = builders.make_project(account, currency="GBP")
    first, second = (hold(project, 2, sam, target=D(2026, month, 1)) for month in (11, 12))
    with recorded_on(D(2026, 11, 20)):
        complete(first, actor=sam)
        list(run_nights())
    due, lapse = told_lcy()
    with recorded_on(D(2026, 12, 1)):
        complete(second, actor=sam)
        list(run_nights())
    with recorded_on(D(2027, 2, 1)):
        list(run_nights())
    books = builders.books(D(2027, 2, 28))
    assert (due, lapse) == (("2026-12", Decimal("127.11"), 0), ("2027-01", 0, Decimal("63.56")))
    assert (books["4000"]["LCY"], books["4090"]["LCY"]) == (Decimal("-254.22"), Decimal("-63.56"))


def test_money_without_a_lot_is_said_to_be_unexplained(lot):
    builders.make_entry("test:manual", "33.30")
    row = forecast(Asked(on=TODAY))[-1]
    assert (row.bucket, row.own.unexplained, row.own.total) == ("unexplained", Decimal("33.30"), Decimal("33.30"))


def test_months_beyond_those_asked_for_come_together(lot, project, sam):
    hold(project, 4, sam)
    assert told(months=1) == [("later", "USD", 320, 480)]
    assert told(months=2) == [("2026-12", "USD", 320, 0), ("later", "USD", 0, 480)]


@pytest.mark.parametrize("by", ["account", "product_group", "customer"])
def test_by_account_product_group_and_customer(lot, by):
    key = {"account": "2400", "product_group": "CREDITS", "customer": lot.account.party}[by]
    assert [row.key for row in forecast(Asked(on=TODAY, by=by))] == [key]


def test_a_draft_again_holds_nothing(lot, sam):
    with recorded_on(D(2026, 11, 20)):
        return_to_draft(lot, actor=sam)
    assert told() == []
    assert told(known_on=D(2026, 11, 19)) == [("2027-01", "USD", 0, 800)]


def sell_again(lot, account, sam, *, day=20, **terms):
    """Taken back on that day of November, edited on the next and confirmed on the one after."""
    with recorded_on(D(2026, 11, day)):
        return_to_draft(lot, actor=sam)
    with recorded_on(D(2026, 11, day + 1)):
        edit_draft(lot, builders.make_terms(account, **terms), actor=sam)
    with recorded_on(D(2026, 11, day + 2)):
        confirm_purchase(lot, actor=sam)


def test_sold_again_on_other_terms_a_lot_is_cut_as_it_was_known(lot, project, account, sam):
    """10 credits for 800.00 to 29 January; taken back, and 3 credits for 100.00 to 31 March."""
    sell_again(lot, account, sam, number_of_credits=3, amount_paid_per_credit="33.34", expires_on=D(2027, 3, 31))
    hold(project, 1, sam, on=D(2026, 11, 23))
    lapses, due = ("2027-01", "USD", 0, 800), ("2026-12", "USD", Decimal("33.34"), 0)
    assert told() == [due, ("2027-04", "USD", 0, Decimal("66.68"))]
    for day in (2, 19):
        assert told(known_on=D(2026, 11, day)) == [lapses]
    for day in (20, 21):
        assert told(known_on=D(2026, 11, day)) == []
    assert told(known_on=D(2026, 11, 22)) == [("2027-04", "USD", 0, Decimal("100.02"))]


def test_while_a_lot_is_a_draft_its_past_is_told_by_what_it_was_sold_as(lot, account, sam):
    terms = {"number_of_credits": 3, "starts_on": None, "expires_on": None}
    with recorded_on(D(2026, 11, 20)):
        return_to_draft(lot, actor=sam)
    with recorded_on(D(2026, 11, 21)):
        edit_draft(lot, builders.make_terms(account, **terms), actor=sam)
    for known_on in (D(2026, 11, 19), D(2026, 11, 20), D(2026, 11, 21), None):
        assert told(D(2026, 11, 19), known_on=known_on) == [("2027-01", "USD", 0, 800)]


def test_sold_again_in_another_currency_the_rates_are_those_that_were_known(account, sam):
    """7 credits for 10.01 GBP = 12.72 USD; 2 are held and R(2) = 3.63. Of the lot's new terms nothing is known then."""
    builders.make_rate("GBP", "1.2711")
    terms = {"currency": "GBP", "number_of_credits": 7, "amount_paid_per_credit": "1.43", "expires_on": D(2027, 1, 29)}
    with recorded_on(BOUGHT):
        lot = builders.make_purchase(account, **terms)
    known = [("2027-01", 0, Decimal("12.72"))]
    assert told_lcy(known_on=HELD) == known
    sell_again(lot, account, sam, number_of_credits=2, expires_on=D(2027, 6, 30))
    assert told_lcy(known_on=HELD) == known
    assert told_lcy() == [("2027-07", 0, 160)]


def test_sold_three_times_each_time_is_told_as_it_was(lot, account, sam):
    sell_again(lot, account, sam, day=12, number_of_credits=2, expires_on=D(2027, 2, 15))
    sell_again(lot, account, sam, day=18, number_of_credits=3, expires_on=D(2027, 3, 15))
    with recorded_on(D(2026, 11, 22)):
        change_dates(lot, starts_on=lot.starts_on, expires_on=D(2027, 5, 15), reason="Asked for", actor=sam)
    months = {
        11: [("2027-01", "USD", 0, 800)],
        13: [],
        15: [("2027-02", "USD", 0, 160)],
        21: [("2027-03", "USD", 0, 240)],
        22: [("2027-05", "USD", 0, 240)],
    }
    assert {day: told(known_on=D(2026, 11, day)) for day in months} == months


def test_the_account_of_an_earlier_posting_setup_is_forecast_while_it_holds_money(lot):
    PostingSetup.objects.update(deferral="2410")
    assert told() == told(known_on=BOUGHT) == [("2027-01", "USD", 0, 800)]


def test_free_credits_of_a_milestone_take_nothing_from_the_paid_ones(account, project, sam):
    with recorded_on(BOUGHT):
        builders.make_purchase(account, number_of_credits=3, amount_paid_per_credit="0", expires_on=D(2026, 12, 31))
        builders.make_purchase(account, expires_on=D(2027, 1, 29))
    milestone = hold(project, 5, sam)
    assert told() == [("2026-12", "USD", 160, 0), ("2027-01", "USD", 0, 640)]
    with recorded_on(D(2026, 11, 20)):
        complete(milestone, actor=sam)
        list(run_nights())
    assert told() == [("2027-01", "USD", 0, 640)]


def test_a_target_date_and_the_grace_stand_as_they_were_known(lot, project, sam):
    milestone = hold(project, 4, sam, target=D(2026, 12, 20))
    with recorded_on(D(2026, 11, 20)):
        later = Details(
            project=project, name=milestone.name, status=milestone.status, target_on=D(2027, 3, 1), credits_needed=4
        )
        edit_milestone(milestone, later, actor=sam)
        CreditsSetup.objects.update(grace_period_days=5)
    assert told() == [("2027-02", "USD", 0, 480), ("2027-03", "USD", 320, 0)]
    assert told(known_on=D(2026, 11, 19)) == [("2026-12", "USD", 320, 0), ("2027-01", "USD", 0, 480)]
