"""The close gate: a period closes over books that agree and over no others; what differs is named, and by how much."""

import datetime
import threading

import pytest
from django.db import connection, connections

from config.checks import check_books
from config.night import run_nights
from credits.reports.checks import CHECKS as CREDITS_CHECKS
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from ledger.exceptions import TieOutDiffers
from ledger.models import AccountingPeriod
from ledger.reports.checks import CHECKS as LEDGER_CHECKS
from ledger.services.periods import close_period
from ledger.tie_outs import OWN_CHECKS, TieOut, every_check, tie_outs
from prepaid.reports.checks import CHECKS as PREPAID_CHECKS
from prepaid.reports.contract_checks import CHECKS as CONTRACT_CHECKS
from tests.builders import (
    make_account,
    make_company,
    make_entry,
    make_milestone,
    make_period,
    make_project,
    make_purchase,
    make_rate,
    make_user,
)

D = datetime.date
OCTOBER = D(2026, 10, 31)


def behind_the_triggers(sql: str) -> None:
    """As a superuser with a backup in hand could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def controller(db, time_machine):
    """It is the second of November, and October is to be closed."""
    time_machine.move_to(datetime.datetime(2026, 11, 2, 12, tzinfo=datetime.UTC))
    make_company()
    make_rate("GBP", "1.2711")
    return make_user("controller")


@pytest.fixture
def lots(controller):
    """Lot A of the posting rules with 4 credits earned, lot C with all 5 lapsed, and one given away, all in October."""
    account, october = make_account(), {"purchased_on": D(2026, 10, 5), "starts_on": D(2026, 10, 5)}
    bought = make_purchase(account, **october)
    milestone = make_milestone(make_project(account), 4)
    allocate(milestone, actor=controller, on=D(2026, 10, 9))
    complete(milestone, actor=controller, actual_on=D(2026, 10, 9))
    lapsed = make_purchase(
        account, number_of_credits=5, amount_paid_per_credit="50", currency="GBP", expires_on=D(2026, 10, 20), **october
    )
    free = make_purchase(account, amount_paid_per_credit="0", value_per_credit="90", currency="EUR", **october)
    list(run_nights(OCTOBER))
    return bought, lapsed, free


def figures(flow) -> tuple:
    return flow.sold, flow.consumed, flow.expired, flow.refunded, flow.remaining


def told(on: datetime.date) -> dict[str, tuple]:
    """{currency: (units, own amounts, what the account says)}; all of them agree."""
    rows = tie_outs(on)
    assert all(row.agrees for row in rows)
    return {row.currency.code: (figures(row.units), figures(row.own), row.books) for row in rows}


def the_row(on: datetime.date, currency: str) -> TieOut:
    (row,) = (row for row in tie_outs(on) if row.currency.code == currency)
    return row


def test_the_tie_out_says_what_became_of_everything_sold_in_units_and_both_currencies(lots):
    assert told(OCTOBER) == {
        "EUR": ((10, 0, 0, 0, 10), (0, 0, 0, 0, 0), 0),
        "GBP": ((5, 0, 5, 0, 0), (250, 0, 250, 0, 0), 0),
        "USD": ((10, 4, 0, 0, 6), (800, 320, 0, 0, 480), 480),
    }
    pound = the_row(OCTOBER, "GBP")
    assert [str(amount.normalize()) for amount in figures(pound.lcy)] == ["317.78", "0", "317.78", "0", "0"]
    assert (pound.account, pound.product_group, pound.books_lcy) == ("2400", "CREDITS", 0)


def test_the_tie_out_of_an_earlier_day_leaves_out_what_came_after_it(lots):
    assert told(D(2026, 10, 4)) == {}
    assert told(D(2026, 10, 8)) == {
        "EUR": ((10, 0, 0, 0, 10), (0, 0, 0, 0, 0), 0),
        "GBP": ((5, 0, 0, 0, 5), (250, 0, 0, 0, 250), 250),
        "USD": ((10, 0, 0, 0, 10), (800, 0, 0, 0, 800), 800),
    }
    assert told(D(2026, 10, 20))["USD"] == ((10, 4, 0, 0, 6), (800, 320, 0, 0, 480), 480)


def test_what_was_reopened_since_stays_earned_in_the_tie_out_of_its_month(lots, controller):
    milestone = lots[0].consumptions.get().milestone
    reopen(milestone, actor=controller, reason="Scope changed")
    november = D(2026, 11, 30)
    assert told(OCTOBER)["USD"] == ((10, 4, 0, 0, 6), (800, 320, 0, 0, 480), 480)
    assert told(november)["USD"] == ((10, 0, 0, 0, 10), (800, 0, 0, 0, 800), 800)
    adjust(milestone, actor=controller, total=4)
    complete(milestone, actor=controller, actual_on=D(2026, 11, 2))
    list(run_nights(D(2026, 11, 2)))
    assert told(november)["USD"] == ((10, 4, 0, 0, 6), (800, 320, 0, 0, 480), 480)


def test_a_period_closes_over_books_that_agree(lots, controller):
    assert close_period(make_period(), actor=controller).is_closed


# What a superuser could do to the first lot; what is named; by how much it differs.
BROKEN = [
    (
        "UPDATE credits_purchase SET credits_allocated = 3 WHERE id = {lot}",
        "{number} breaks the rule “purchase totals follow the consumptions”: allocated 3, expired 0; its consumptions say 4",
    ),
    (
        "UPDATE credits_purchase SET credits_expired = 1 WHERE id = {lot}",
        "10 credits sold; 4 consumed, 0 expired, 0 refunded, 5 remaining: a difference of 1",
    ),
    (
        "UPDATE credits_purchase SET released = 300 WHERE id = {lot}",
        "{number} breaks the rule “each lot's liability is in the journal”: deferred USD 500.000, LCY 480.000; "
        "the journal says 480.000 and 480.000 on account 2400: a difference of 20.000, LCY 0.000",
    ),
    (
        "UPDATE credits_purchase SET released_lcy = 330 WHERE id = {lot}",
        "a difference of 0.000, LCY -10.000",
    ),
    (
        "UPDATE ledger_journalline SET debit = 319, debit_lcy = 319 WHERE lot = 'purchase:{lot}' AND debit = 320",
        "complete:1 breaks the rule “an entry balances”: in USD: debit 319.000, credit 320.000",
    ),
    (
        "UPDATE ledger_journalline SET lot = 'purchase:0' WHERE lot = 'purchase:{lot}' AND debit = 320",
        "{number} breaks the rule “each lot's liability is in the journal”: deferred USD 480.000, LCY 480.000; "
        "the journal says 800.000 and 800.000",
    ),
]


@pytest.mark.parametrize(("sql", "sentence"), BROKEN)
def test_what_differs_keeps_the_period_open_and_is_named(lots, controller, sql, sentence):
    lot, period = lots[0], make_period()
    behind_the_triggers(sql.format(lot=lot.pk))
    with pytest.raises(TieOutDiffers) as refused:
        close_period(period, actor=controller)
    assert str(refused.value).startswith("2026-10 stays open: ")
    offenders = [offender for check in check_books() for offender in check.offenders]
    assert any(sentence.format(number=lot.number) in str(TieOutDiffers(period, [offender])) for offender in offenders)
    assert str(refused.value).startswith(str(TieOutDiffers(period, offenders[:1])).split(" No page")[0])
    assert not AccountingPeriod.objects.get(pk=period.pk).is_closed


def test_the_tie_out_shows_a_total_that_was_changed(lots):
    behind_the_triggers(f"UPDATE credits_purchase SET released = 300, credits_released = 5 WHERE id = {lots[0].pk}")
    row = the_row(OCTOBER, "USD")
    assert (row.agrees, row.units.difference, row.own.difference, row.difference, row.difference_lcy) == (
        False, 1, -20, 20, 0,
    )  # fmt: skip


def test_what_no_lot_explains_is_the_difference_to_the_account(lots, controller):
    make_entry("stray:1", "7", on=D(2026, 10, 30), product_group="CREDITS")
    own, row = (row for row in tie_outs(OCTOBER) if row.currency.code == "USD")
    assert (own.books, own.own.remaining, own.difference) == (480, 480, 0)
    assert (row.sub_ledger, row.account, row.product_group, row.books, row.difference) == (
        "No sub-ledger", "2400", "CREDITS", 7, -7,
    )  # fmt: skip
    with pytest.raises(TieOutDiffers, match=r"stray:1 breaks .*: line 2: 7\.000 USD on account 2400 for no lot"):
        close_period(make_period(), actor=controller)


def test_a_lot_key_that_no_sub_ledger_knows_is_named(lots):
    behind_the_triggers(
        f"UPDATE ledger_journalline SET lot = 'parcel:1' WHERE lot = 'purchase:{lots[0].pk}' AND debit = 320"
    )
    (found,) = OWN_CHECKS["deferral accounts hold lots of sub-ledgers"]()
    assert found.detail == "line 1: 320.000 USD on account 2400 for lot parcel:1"


def test_the_tie_out_asks_as_many_questions_of_many_lots_as_of_one(lots, django_assert_num_queries):
    for _ in range(5):
        make_purchase(lots[0].account, purchased_on=D(2026, 10, 7))
    with django_assert_num_queries(7):  # two for each sub-ledger, one for what belongs to none
        assert the_row(OCTOBER, "USD").units.sold == 60


@pytest.mark.django_db(transaction=True)
def test_nothing_is_posted_between_the_look_at_the_books_and_the_closing(monkeypatch):
    """A posting that comes while the checks run waits, and goes past the period."""
    make_company()
    controller, period, posted = make_user("controller"), make_period(), []

    def post() -> None:
        try:
            posted.append(make_entry(on=D(2026, 10, 15), credit="4000"))
        finally:
            connections.close_all()

    posting = threading.Thread(target=post, daemon=True)

    def slow() -> list:
        posting.start()
        wait_for_a_lock()
        return []

    monkeypatch.setitem(LEDGER_CHECKS, "slow", slow)
    closed = close_period(period, actor=controller)
    posting.join(10)
    assert closed.is_closed
    assert posted[0].posting_date == D(2026, 11, 1)


def wait_for_a_lock() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT pg_sleep(0.02), count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[1]:
                return
    raise AssertionError("The posting does not wait.")


def test_the_checks_of_every_app_take_part():
    names = [name for name, _ in every_check()]
    assert {*LEDGER_CHECKS, *OWN_CHECKS, *CREDITS_CHECKS, *PREPAID_CHECKS, *CONTRACT_CHECKS} == set(names)
    assert len(names) == len(set(names))
