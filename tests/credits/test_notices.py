"""What the night tells of lots that expire: each once at each of the days of notice, until its cause is gone
(What staff and customers see)."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.night import run_nights
from credits.models import CreditsSetup, Notice
from credits.services.allocate import adjust, allocate
from credits.services.corrections import approve_correction, request_reinstatement
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.notices import Told, count_untold, tell
from credits.services.purchases import return_to_draft
from tests.builders import make_account, make_milestone, make_purchase, make_user
from tests.credits.telling import EVERYBODY, TODAY, days, history, night, noon, open_notices

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


@pytest.fixture
def at(time_machine):
    """Moves to noon, so many days from today."""
    return partial(noon, time_machine)


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

    def test_a_reinstated_lot_is_told_again_for_its_new_date(self, account, sam, at):
        lot = make_purchase(account, expires_on=days(1))
        night()
        list(run_nights(at(2)))
        lot.refresh_from_db()
        asked = request_reinstatement(lot, new_expires_on=days(40), reason="Goodwill", actor=sam)
        approve_correction(asked, actor=make_user("second"))
        assert night(at(2)) == Told(told=1)
        assert [row[:2] for row in history(lot)] == [(days(1), 30), (days(40), 60)]

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
