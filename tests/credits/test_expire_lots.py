"""Expiry by hand and by night: what lapses, when, and what the books say."""

import datetime

import pytest

from credits.exceptions import NothingToExpire
from credits.models import Allocation, CreditsSetup, Purchase
from credits.reports.availability import usable
from credits.services.allocate import adjust, allocate
from credits.services.expire import expire_purchase
from credits.services.milestones import complete, reopen
from ledger.exceptions import MissingAccount
from ledger.models import AccountingPeriod, JournalEntry, PostingSetup
from ledger.services.periods import close_period
from tests.builders import (
    make_milestone,
    make_project,
    make_purchase,
    make_user,
    trial_balance,
)
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def lot(account):
    """Lot A, usable to today."""
    return make_purchase(account, expires_on=TODAY)


def entry_of(lot: Purchase, number: int = 0) -> JournalEntry:
    return JournalEntry.objects.get(event_key=f"credits-expiry:{lot.pk}:{lot.expires_on}:{number}")


def held(account, credits: int):
    milestone = make_milestone(make_project(account), credits)
    allocate(milestone, actor=make_user())
    return milestone


def test_the_night_of_the_last_usable_day_takes_nothing_the_next_one_all_that_is_left(account, lot):
    """Expiry, by whom: every night; the day after expiry, all that is available.
    Posting rule 8: 6 left of A."""
    held(account, 4)
    night(account, TODAY)
    assert credits_of(lot) == (6, 4, 0)
    night(account, TODAY + DAY)
    assert credits_of(lot) == (0, 4, 6)
    rows = [(row.account_id, row.debit, row.credit) for row in entry_of(lot).lines.order_by("line_no")]
    assert rows == [("2400", 480, 0), ("4090", 0, 480)]
    assert entry_of(lot).effective_on == TODAY + DAY


def test_a_night_run_again_changes_nothing_and_a_late_one_keeps_the_effective_date(account, lot):
    night(account, TODAY + 30 * DAY)
    before = trial_balance()
    night(account, TODAY + 30 * DAY)
    assert trial_balance() == before
    assert entry_of(lot).effective_on == TODAY + DAY
    assert lot.consumptions.get().consumed_on == TODAY + DAY


def test_by_hand_on_the_last_usable_day_with_that_day_as_its_date(lot):
    """Expiry, effective date: the day itself, by hand on the last usable day."""
    with pytest.raises(NothingToExpire, match="is usable to 24 Nov 2026"):
        expire_purchase(lot, actor=make_user(), on=TODAY - DAY)
    expired = expire_purchase(lot, actor=make_user(), on=TODAY)
    assert (expired.lots, expired.credits, len(expired.entries)) == (1, 10, 1)
    assert entry_of(lot).effective_on == TODAY
    with pytest.raises(NothingToExpire, match="no credits left"):
        expire_purchase(lot, actor=make_user(), on=TODAY)


def test_in_grace_nothing_is_spendable_and_the_night_waits(account, lot):
    """Expiry, grace: nothing becomes spendable again."""
    CreditsSetup.objects.update(grace_period_days=3)
    night(account, TODAY + 3 * DAY)
    assert credits_of(lot) == (10, 0, 0)
    assert not Purchase.objects.filter(usable(TODAY + DAY)).exists()
    night(account, TODAY + 4 * DAY)
    assert credits_of(lot) == (0, 0, 10)
    assert entry_of(lot).effective_on == TODAY + 4 * DAY


def test_by_hand_in_grace_from_its_last_day_on(lot):
    """Expiry, grace: by hand from the day of expiry + grace on."""
    CreditsSetup.objects.update(grace_period_days=3)
    with pytest.raises(NothingToExpire):
        expire_purchase(lot, actor=make_user(), on=TODAY + 2 * DAY)
    expire_purchase(lot, actor=make_user(), on=TODAY + 3 * DAY)
    assert entry_of(lot).effective_on == TODAY + 3 * DAY


def test_a_draft_has_nothing_to_expire(account):
    draft = make_purchase(account, draft=True, expires_on=TODAY)
    night(account, TODAY + DAY)
    assert credits_of(draft)[2] == 0
    with pytest.raises(NothingToExpire, match="is a draft"):
        expire_purchase(draft, actor=make_user(), on=TODAY + DAY)


def test_free_lots_lapse_in_counts_alone(account):
    lot = make_purchase(account, expires_on=TODAY, amount_paid_per_credit="0")
    night(account, TODAY + DAY)
    assert credits_of(lot) == (0, 0, 10)
    assert trial_balance() == {}


def test_expire_undo_expire_again_leaves_zero_with_a_key_of_its_own(account, lot, time_machine):
    """Origin: killbill#1464, a past-expiry lot that gets credits back needs its own expiry (bug 10)."""
    milestone = held(account, 4)
    complete(milestone, actor=make_user())
    night(account, TODAY + DAY)
    time_machine.move_to("2026-12-10T12:00:00+00:00")
    reopen(milestone, actor=make_user(), reason="Not accepted")
    adjust(milestone, total=0, actor=make_user())
    assert credits_of(lot) == (4, 0, 6)
    night(account, datetime.date(2026, 12, 11))
    assert credits_of(lot) == (0, 0, 10)
    assert entry_of(lot, 1).effective_on == datetime.date(2026, 12, 10)
    assert trial_balance() == {"1100": {"LCY": 800, "USD": 800}, "4090": {"LCY": -800, "USD": -800}}
    assert Allocation.objects.filter(allocation_type="expiry").count() == 2


def test_a_closed_period_takes_the_expiry_on_the_first_open_day(account, lot):
    period = AccountingPeriod.objects.create(
        name="November", starts_on=TODAY.replace(day=1), ends_on=TODAY.replace(day=30)
    )
    close_period(period, actor=make_user())
    night(account, TODAY + 10 * DAY)
    assert (entry_of(lot).effective_on, entry_of(lot).posting_date) == (TODAY + DAY, datetime.date(2026, 12, 1))


def test_without_a_breakage_account_the_lot_stays_whole_and_is_named(account, lot):
    PostingSetup.objects.filter(business_group="DOMESTIC").update(breakage=None)
    (error,) = night(account, TODAY + DAY)
    assert error.startswith("1 purchase: The general posting setup has no breakage account")
    assert credits_of(lot) == (10, 0, 0)
    with pytest.raises(MissingAccount, match="no breakage account"):
        expire_purchase(lot, actor=make_user(), on=TODAY + DAY)


def test_extending_before_the_expiry_is_the_only_thing_that_moves_it(account, lot):
    """Expiry, extending: before it happened, it changes no books.
    Origin: aleph#1104, moving credits laundered their validity (bug 19)."""
    milestone = held(account, 4)
    adjust(milestone, total=0, actor=make_user())
    adjust(milestone, total=4, actor=make_user())
    complete(milestone, actor=make_user())
    reopen(milestone, actor=make_user(), reason="Again")
    assert Purchase.objects.get(pk=lot.pk).expires_on == TODAY
    assert not lot.date_changes.exists()
