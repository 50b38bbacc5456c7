"""Cutting a lot's money into parts: whatever the order, both currencies end at exactly zero."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits.models import Milestone, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.expire import expire_purchase
from credits.services.milestones import complete, reopen
from ledger.models import JournalLine
from tests.builders import (
    make_account,
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TONIGHT = datetime.date(2026, 11, 25)
LAST_DAY = datetime.date(2027, 11, 1)
PRICES = {"JPY": "1", "USD": "0.01", "GBP": "33.33", "KWD": "0.007", "EUR": "50.00"}
RATES = {"JPY": "0.0067", "USD": "1", "GBP": "1.2711", "KWD": "3.2567", "EUR": "0.333333333333"}

lots = st.tuples(
    st.sampled_from(sorted(PRICES)), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 3)
)
moves = st.lists(st.tuples(st.sampled_from(["earn", "complete", "reopen", "night"]), st.integers(0, 3)), max_size=9)


@pytest.fixture
def company(company):
    for currency, rate in RATES.items():
        if currency != "USD":
            make_rate(currency, rate)


def lot_and_milestones(currency: str, parts: list[int], rest: int) -> tuple[Purchase, list[Milestone]]:
    """A lot that is allocated to milestones of these sizes, with some credits left over."""
    account = make_account(currency=currency)
    lot = make_purchase(account, number_of_credits=sum(parts) + rest, amount_paid_per_credit=PRICES[currency])
    project = make_project(account)
    milestones = [make_milestone(project, part) for part in parts]
    for milestone in milestones:
        allocate(milestone, actor=None)
    return lot, milestones


def move(kind: str, milestone: Milestone) -> None:
    milestone.refresh_from_db()
    if kind in ("earn", "complete") and not milestone.is_completed:
        complete(milestone, actor=None)
    if kind in ("earn", "night"):
        night(milestone.project.account, TONIGHT)
    if kind == "reopen" and milestone.is_completed:
        reopen(milestone, actor=None, reason="Again")


def check(lot: Purchase) -> None:
    """The lot agrees with its lines in the books, in both currencies, at any moment."""
    lot.refresh_from_db()
    of_lot = deferral_in_the_books(lot)
    assert of_lot == (-lot.deferred, -lot.deferred_lcy)
    assert lot.deferred >= 0
    assert lot.deferred_lcy >= 0


def deferral_in_the_books(lot: Purchase) -> tuple[Decimal, Decimal]:
    rows = JournalLine.objects.filter(lot=lot.lot, account="2400")
    return (
        sum((row.debit - row.credit for row in rows), Decimal(0)),
        sum((row.debit_lcy - row.credit_lcy for row in rows), Decimal(0)),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lot=lots, order=moves, expire_first=st.booleans())
def test_any_order_of_completing_reopening_and_expiring_ends_at_zero(company, lot, order, expire_first):
    """Origin: erpnext#55600, a foreign-currency item settled in parts left a residue in the base currency (bug 16).
    Currencies with 0, 2 and 3 decimals (lago-api#5792, bug 9)."""
    lot, milestones = lot_and_milestones(*lot)
    if expire_first and Purchase.objects.get(pk=lot.pk).credits_available:
        expire_purchase(lot, actor=None, on=LAST_DAY)
    for kind, which in order:
        move(kind, milestones[which % len(milestones)])
        check(lot)
    for milestone in milestones:
        move("complete", milestone)
    night(lot.account, TONIGHT)
    night(lot.account, LAST_DAY + datetime.timedelta(days=1))
    check(lot)
    assert (lot.credits_released, lot.deferred, lot.deferred_lcy) == (lot.number_of_credits, 0, 0)


@pytest.mark.parametrize("nights", [1, 3])
def test_each_part_is_the_difference_of_two_rounded_sums(company, nights):
    """0.007 KWD at 3.2567, three credits: 0.02 + 0.03 + 0.02 = 0.07 USD, not 3 × 0.02; in one night or in three."""
    lot, milestones = lot_and_milestones("KWD", [1, 1, 1], 0)
    for milestone in milestones:
        complete(milestone, actor=None)
        if nights == 3:
            night(lot.account, TONIGHT)
    night(lot.account, TONIGHT)
    entries = [milestone.completions.get().entry for milestone in milestones]
    assert [str(entry.lines.get(account="4000").credit_lcy) for entry in entries] == ["0.020", "0.030", "0.020"]
    assert lot.paid_total_lcy == Decimal("0.07")


def test_a_part_too_small_for_a_cent_of_lcy_posts_in_its_currency_alone(company):
    """1 yen at 0.0067 is 0.01 USD for one, 0.01 for two: the second yen is earned without an LCY amount."""
    lot, milestones = lot_and_milestones("JPY", [1, 1], 0)
    for milestone in milestones:
        complete(milestone, actor=None)
    night(lot.account, TONIGHT)
    assert trial_balance()["4000"] == {"LCY": Decimal("-0.01"), "JPY": -2}


def test_reopening_in_the_middle_and_completing_less_leaves_no_residue(company):
    lot, (first, second) = lot_and_milestones("GBP", [2, 1], 1)
    for milestone in (first, second):
        complete(milestone, actor=None)
    night(lot.account, TONIGHT)
    reopen(first, actor=None, reason="Smaller")
    adjust(first, total=1, actor=None)
    Milestone.objects.filter(pk=first.pk).update(credits_needed=1)
    complete(first, actor=make_user())
    night(lot.account, TONIGHT)
    night(lot.account, LAST_DAY + datetime.timedelta(days=1))
    check(lot)
    assert (lot.deferred, lot.deferred_lcy, lot.credits_expired) == (0, 0, 2)
