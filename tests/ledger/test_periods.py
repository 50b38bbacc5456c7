"""Periods: made by the month, closed in order, and no posting slips into one while it closes."""

import datetime
import threading

import pytest
from django.db import connection, connections, transaction

from ledger.exceptions import PeriodsOpen
from ledger.models import AccountingPeriod, JournalEntry
from ledger.reports.checks import CHECKS
from ledger.services.periods import close_period, create_months
from tests.builders import make_company, make_entry, make_period, make_user, reopen

DAY = datetime.date(2026, 10, 15)


@pytest.fixture
def controller(company):
    return make_user("controller")


def test_months_follow_each_other_over_the_year_and_its_leap_day(controller):
    made, left_out = create_months(datetime.date(2027, 11, 17), 5, actor=controller)
    assert [(period.name, period.ends_on.day) for period in made] == [
        ("2027-11", 30),
        ("2027-12", 31),
        ("2028-01", 31),
        ("2028-02", 29),
        ("2028-03", 31),
    ]
    assert [period.starts_on.day for period in made] == [1] * 5
    assert left_out == []


def test_months_that_are_there_are_left_out_and_the_others_made(controller):
    AccountingPeriod.objects.create(name="Short year", starts_on="2026-02-20", ends_on="2026-03-10")
    AccountingPeriod.objects.create(name="2026-05", starts_on="2020-01-01", ends_on="2020-12-31")
    made, left_out = create_months(datetime.date(2026, 1, 1), 6, actor=controller)
    assert [period.name for period in made] == ["2026-01", "2026-04", "2026-06"]
    assert [period.name for period in left_out] == ["2026-02", "2026-03", "2026-05"]
    assert create_months(datetime.date(2026, 1, 1), 6, actor=controller)[0] == []


def test_periods_are_closed_in_their_order_and_reopened_in_the_other(controller):
    september, october = make_period(2026, 9), make_period(2026, 10)
    with pytest.raises(PeriodsOpen, match="2026-09 is still open"):
        close_period(october, actor=controller)
    close_period(september, actor=controller)
    closed = close_period(october, actor=controller)
    assert (closed.is_closed, closed.closed_by) == (True, controller)
    with pytest.raises(PeriodsOpen, match="Reopen the later periods first"):
        reopen(september, actor=controller)
    assert not reopen(october, actor=controller).is_closed


def test_closing_twice_and_reopening_what_is_open_are_refused(controller):
    period = make_period(closed_by=controller)
    with pytest.raises(PeriodsOpen, match="2026-10 is closed already"):
        close_period(period, actor=controller)
    reopen(period, actor=controller)
    with pytest.raises(PeriodsOpen, match="2026-10 is open already"):
        reopen(period, actor=controller)


def test_a_reopened_period_takes_postings_again(controller):
    period = make_period(closed_by=controller)
    assert make_entry("test:1", on=DAY).posting_date == datetime.date(2026, 11, 1)
    reopen(period, actor=controller)
    assert make_entry("test:2", on=DAY).posting_date == DAY


class Wait(threading.Thread):
    """Does something on a connection of its own."""

    def __init__(self, do) -> None:
        super().__init__(daemon=True)
        self.do, self.result = do, None
        self.start()

    def run(self) -> None:
        try:
            self.result = self.do()
        finally:
            connections.close_all()

    def is_waiting_for_a_lock(self) -> bool:
        """Seen from outside, within ten seconds."""
        with connection.cursor() as cursor:
            for _ in range(200):
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                if cursor.fetchone()[0]:
                    return True
                self.join(timeout=1 / 20)
        return False


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_a_posting_under_way_and_takes_it_in():
    make_company()
    controller, period = make_user("controller"), make_period()
    with transaction.atomic():
        entry = make_entry(on=DAY, credit="4000")  # a liability without a lot would keep the period open
        closing = Wait(lambda: close_period(period, actor=controller))
        assert closing.is_waiting_for_a_lock()
    closing.join(10)
    assert closing.result.is_closed
    assert JournalEntry.objects.get().posting_date == entry.posting_date == DAY
    assert CHECKS["posting dates are open"]() == []


@pytest.mark.django_db(transaction=True)
def test_a_posting_waits_for_the_closing_under_way_and_goes_past_it():
    make_company()
    controller, period = make_user("controller"), make_period()
    with transaction.atomic():
        close_period(period, actor=controller)
        posting = Wait(lambda: make_entry(on=DAY))
        assert posting.is_waiting_for_a_lock()
    posting.join(10)
    assert posting.result.posting_date == datetime.date(2026, 11, 1)
    assert CHECKS["posting dates are open"]() == []
