"""Reinstatement, to the cent: posting rule 10 (Expiry)."""

import datetime
from decimal import Decimal

import pytest
import time_machine

from credits.exceptions import BadCorrection, OwnCorrection
from credits.models import Consumption, Correction
from credits.services.allocate import adjust, allocate
from credits.services.corrections import approve_correction, request_reinstatement
from credits.services.expire import expire_purchase
from credits.services.milestones import reopen
from ledger.models import JournalEntry
from tests.builders import (
    make_account,
    make_milestone,
    make_period,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.correcting import agree, reinstated, used
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
NEXT_YEAR = datetime.date(2027, 6, 30)


@pytest.fixture
def lot(account):
    """Lot A with 4 earned and 6 left, usable to yesterday."""
    lot = make_purchase(account, expires_on=TODAY - DAY)
    with time_machine.travel("2026-11-23T12:00:00+00:00"):
        used(lot, 4)
    return lot


def test_rule_10_six_expired_of_a_come_back(account, lot):
    """Expiry, reinstate: reverses the postings exactly, a negative row."""
    before = trial_balance()
    night(account, TODAY)
    assert trial_balance()["4090"] == {"USD": Decimal(-480), "LCY": Decimal(-480)}
    correction = reinstated(lot, NEXT_YEAR)
    assert trial_balance() == before
    lot.refresh_from_db()
    assert (credits_of(lot), lot.expires_on) == ((6, 4, 0), NEXT_YEAR)
    agree()
    back = Consumption.objects.get(correction=correction)
    assert (back.consumption_type, back.credits, back.consumed_on) == ("expiry", -6, TODAY)
    (entry,) = JournalEntry.objects.filter(reverses__isnull=False)
    assert (entry.kind, entry.effective_on, entry.reason) == ("reinstatement", TODAY, "Agreed")
    change = lot.date_changes.get()
    assert (change.old_expires_on, change.new_expires_on, change.reason) == (TODAY - DAY, NEXT_YEAR, "Agreed")


def test_it_can_be_drawn_again_and_expires_again_on_its_new_day(account, lot, sam):
    """Origin: killbill#1464: expire, undo, expire again leaves 0 (bug 10)."""
    night(account, TODAY)
    reinstated(lot, TODAY + DAY)
    allocate(make_milestone(make_project(account), 2), actor=sam)
    night(account, TODAY + DAY)
    assert credits_of(lot) == (4, 6, 0)
    night(account, TODAY + 2 * DAY)
    assert credits_of(lot) == (0, 6, 4)
    assert trial_balance()["4090"]["USD"] == -320 and trial_balance()["2400"]["USD"] == -160
    agree(TODAY + 2 * DAY)


def test_every_expiry_of_the_lot_that_stands_is_taken_back_and_none_twice(account, sam):
    lot = make_purchase(account, expires_on=TODAY)
    held = make_milestone(make_project(account), 4)
    allocate(held, actor=sam)
    expire_purchase(lot, actor=sam)
    adjust(held, total=1, actor=sam)
    expire_purchase(lot, actor=sam)
    assert credits_of(lot) == (0, 1, 9)
    reinstated(lot, TODAY)
    assert credits_of(lot) == (9, 1, 0)
    expire_purchase(lot, actor=sam)
    reinstated(lot, NEXT_YEAR)
    assert credits_of(lot) == (9, 1, 0) and trial_balance()["2400"]["USD"] == -800
    assert JournalEntry.objects.filter(kind="reinstatement").count() == 3
    agree()


def test_in_foreign_currency_the_stored_amounts_come_back(company):
    """Rule 8b, taken back: 63.56 of lot C."""
    make_rate("GBP", "1.2711")
    account = make_account(currency="GBP")
    lot = make_purchase(account, number_of_credits=5, amount_paid_per_credit="50.00", expires_on=TODAY)
    used(lot, 2)
    milestone = used(lot, 2)
    make_rate("GBP", "1.9", starting_on=TODAY)
    expire_purchase(lot, actor=make_user())
    assert trial_balance()["4090"] == {"GBP": Decimal(-50), "LCY": Decimal("-63.56")}
    reopen(milestone, actor=make_user(), reason="Not accepted")
    adjust(milestone, total=0, actor=make_user())
    reinstated(lot, NEXT_YEAR)
    assert trial_balance()["2400"] == {"GBP": Decimal(-150), "LCY": Decimal("-190.67")}
    agree()


def test_the_mirror_stands_in_the_current_period(account, lot, sam):
    """posting-rules.md, rule 10: mirror in the current period."""
    night(account, TODAY)
    make_period(2026, 11, closed_by=make_user("controller"))
    reinstated(lot, NEXT_YEAR)
    entry = JournalEntry.objects.get(kind="reinstatement")
    assert (entry.effective_on, entry.posting_date) == (TODAY, datetime.date(2026, 12, 1))


def test_free_credits_come_back_in_counts_alone(account):
    lot = make_purchase(account, expires_on=TODAY, amount_paid_per_credit="0")
    expire_purchase(lot, actor=make_user())
    reinstated(lot, NEXT_YEAR)
    assert (credits_of(lot), trial_balance()) == ((10, 0, 0), {})
    agree()


@pytest.mark.parametrize(
    ("starts_on", "new", "said"),
    [
        (TODAY - 9 * DAY, TODAY - DAY, "has passed. Choose today or later"),
        (TODAY - 9 * DAY, datetime.date(2026, 11, 14), "has passed"),
    ],
)
def test_no_date_that_has_passed(account, sam, starts_on, new, said):
    """Expiry, reinstate: a new expiry of today or later."""
    lot = make_purchase(account, starts_on=starts_on, expires_on=TODAY)
    expire_purchase(lot, actor=sam)
    with pytest.raises(BadCorrection, match=said) as refused:
        request_reinstatement(lot, new_expires_on=new, reason="Agreed", actor=sam)
    assert refused.value.field == "new_expires_on"


def test_nothing_expired_nothing_comes_back_and_never_by_one_person(account, sam):
    """Origin: aleph#1104: only the approved reinstatement makes an expired credit live longer (bug 19)."""
    lot = make_purchase(account, expires_on=TODAY)
    with pytest.raises(BadCorrection, match="nothing to reinstate"):
        request_reinstatement(lot, new_expires_on=NEXT_YEAR, reason="Agreed", actor=sam)
    expire_purchase(lot, actor=sam)
    asked = request_reinstatement(lot, new_expires_on=NEXT_YEAR, reason="Agreed", actor=sam)
    with pytest.raises(OwnCorrection):
        approve_correction(asked, actor=sam)
    assert credits_of(lot) == (0, 0, 10)


def test_a_date_that_passes_before_the_approval_is_refused_then(account, sam, time_machine):
    lot = make_purchase(account, expires_on=TODAY)
    expire_purchase(lot, actor=sam)
    asked = request_reinstatement(lot, new_expires_on=TODAY, reason="Agreed", actor=sam)
    time_machine.move_to("2026-11-25T12:00:00+00:00")
    with pytest.raises(BadCorrection, match="has passed"):
        approve_correction(asked, actor=make_user("approver"))
    assert Correction.objects.get().state == "requested"
