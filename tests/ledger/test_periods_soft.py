"""Soft-closed periods: open to those who may post in them, closed to everybody else and to the night."""

import datetime

import pytest
from django.contrib.auth.models import Group

from config.night import run_nights
from credits.services.expire import expire_purchase
from credits.services.purchases import create_purchase
from ledger.exceptions import PeriodsOpen, PostingNotAllowed, ReopeningRefused
from ledger.models import AccountingPeriod, ChangeLogEntry, JournalEntry, LedgerSetup
from ledger.services.periods import (
    approve_reopening,
    close_period,
    decline_reopening,
    open_period,
    request_reopening,
    soft_close_period,
)
from ledger.services.posting import first_open_day, reverse
from tests.builders import make_account, make_entry, make_period, make_purchase, make_terms, make_user

D = datetime.date
OCTOBER, NOVEMBER = D(2026, 10, 15), D(2026, 11, 1)
State = AccountingPeriod.State


@pytest.fixture
def ann(company, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 10, 12, tzinfo=datetime.UTC))
    return make_user("ann")


@pytest.fixture
def october(ann):
    return soft_close_period(make_period(2026, 10), actor=ann)


def one_of(role: str):
    user = make_user(f"{role}-person")
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.parametrize(
    ("role", "day"),
    [("controller", OCTOBER), ("finance", OCTOBER), ("sales", NOVEMBER), ("delivery", NOVEMBER), ("viewer", NOVEMBER)],
)
def test_the_role_decides_whether_a_posting_goes_into_the_soft_closed_period(october, role, day):
    entry = make_entry(on=OCTOBER, actor=one_of(role))
    assert (entry.posting_date, entry.effective_on) == (day, OCTOBER)


def test_a_purchase_of_a_soft_closed_month_is_posted_by_finance_on_its_day_and_by_sales_on_the_first_open_one(october):
    account = make_account()
    for role, day in (("finance", OCTOBER), ("sales", NOVEMBER)):
        lot = create_purchase(make_terms(account, purchased_on=OCTOBER), actor=one_of(role))
        entry = JournalEntry.objects.get(event_key=f"purchase:{lot.pk}:confirm:1")
        assert (entry.posting_date, entry.effective_on) == (day, OCTOBER)


def test_the_night_posts_what_it_finds_of_a_soft_closed_month_on_the_first_open_day(october):
    lot = make_purchase(
        make_account(), purchased_on=D(2026, 10, 1), starts_on=D(2026, 10, 1), expires_on=D(2026, 10, 20),
        actor=one_of("controller"),
    )  # fmt: skip
    list(run_nights(D(2026, 11, 10)))
    entry = JournalEntry.objects.get(kind="expiry", lines__lot=lot.lot, lines__line_no=1)
    assert (entry.posting_date, entry.effective_on) == (NOVEMBER, D(2026, 10, 21))


def test_what_finance_expires_after_the_last_day_allowed_is_posted_into_the_soft_closed_month(october):
    """Whoever may post there is not refused for a first open day that only others go to."""
    lot = make_purchase(
        make_account(), purchased_on=D(2026, 10, 1), starts_on=D(2026, 10, 1), expires_on=D(2026, 10, 20),
        actor=one_of("controller"),
    )  # fmt: skip
    LedgerSetup.objects.update(posting_to=D(2026, 10, 31))
    with pytest.raises(PostingNotAllowed):
        expire_purchase(lot, actor=one_of("sales"))
    expire_purchase(lot, actor=one_of("finance"))
    assert JournalEntry.objects.get(kind="expiry").posting_date == D(2026, 10, 21)


def test_the_night_goes_on_from_day_to_day_past_several_periods(october, ann):
    soft_close_period(make_period(2026, 11), actor=ann)
    assert first_open_day(OCTOBER) == D(2026, 12, 1)
    assert first_open_day(OCTOBER, actor=one_of("controller")) == OCTOBER
    close_period(october, actor=ann)
    assert first_open_day(OCTOBER, actor=one_of("controller")) == NOVEMBER


def test_a_reversal_follows_whoever_makes_it(october):
    entry = make_entry(on=OCTOBER, actor=one_of("controller"))
    undo = {"kind": "undo", "effective_on": OCTOBER, "reason": "A slip"}
    assert reverse(entry, event_key="undo:1", actor=one_of("sales"), **undo).posting_date == NOVEMBER


def test_opened_again_it_takes_everybodys_postings(october, ann):
    assert make_entry("test:1", on=OCTOBER).posting_date == NOVEMBER
    assert open_period(october, actor=ann).state == State.OPEN
    assert make_entry("test:2", on=OCTOBER).posting_date == OCTOBER


def test_periods_are_soft_closed_in_their_order_and_opened_in_the_other(ann):
    september, october = make_period(2026, 9), make_period(2026, 10)
    with pytest.raises(PeriodsOpen, match="2026-09 is still open"):
        soft_close_period(october, actor=ann)
    for period in (september, october):
        soft_close_period(period, actor=ann)
    with pytest.raises(PeriodsOpen, match="2026-10 is soft-closed"):
        open_period(september, actor=ann)
    with pytest.raises(PeriodsOpen, match="2026-09 is still open"):
        close_period(october, actor=ann)
    assert open_period(october, actor=ann).state == State.OPEN
    with pytest.raises(PeriodsOpen, match="2026-10 is open, not soft-closed"):
        open_period(october, actor=ann)


def test_closed_and_opened_by_two_it_is_open_and_not_soft_closed(october, ann):
    close_period(october, actor=ann)
    with pytest.raises(PeriodsOpen, match="2026-10 is closed already"):
        soft_close_period(october, actor=ann)
    asked = request_reopening(october, actor=ann, reason="Late")
    assert approve_reopening(asked, actor=make_user("bob")).state == State.OPEN


def test_a_request_needs_a_reason_is_made_once_and_answered_once(october, ann):
    close_period(october, actor=ann)
    bob = make_user("bob", first_name="Bob", last_name="Best")
    with pytest.raises(ReopeningRefused, match="Say why the period is opened again"):
        request_reopening(october, actor=ann, reason="  ")
    asked = request_reopening(october, actor=bob, reason="Late")
    with pytest.raises(ReopeningRefused, match="Bob Best has asked for it already"):
        request_reopening(october, actor=ann, reason="So did I")
    with pytest.raises(ReopeningRefused, match="You asked for 2026-10 to be opened"):
        approve_reopening(asked, actor=bob)
    decline_reopening(asked, actor=bob)
    for answer in (approve_reopening, decline_reopening):
        with pytest.raises(ReopeningRefused, match="was answered already"):
            answer(asked, actor=ann)
    assert AccountingPeriod.objects.get().is_closed


def test_a_request_behind_a_period_closed_meanwhile_is_not_approved(october, ann):
    close_period(october, actor=ann)
    asked = request_reopening(october, actor=ann, reason="Late")
    close_period(make_period(2026, 11), actor=ann)
    with pytest.raises(PeriodsOpen, match="2026-11 is closed"):
        approve_reopening(asked, actor=make_user("bob"))


def test_the_change_log_tells_each_step_with_who_and_why(october, ann):
    close_period(october, actor=ann)
    bob = make_user("bob")
    approve_reopening(request_reopening(october, actor=ann, reason="A late invoice"), actor=bob)
    steps = ChangeLogEntry.objects.filter(table="ledger_accountingperiod").order_by("pk")
    assert [(step.action, step.reason, step.actor) for step in steps][1:] == [
        ("Soft-close period", "", ann),
        ("Close period", "", ann),
        ("Reopen period", "A late invoice", bob),
    ]
