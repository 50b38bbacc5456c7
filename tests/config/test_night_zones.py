"""The company's day is its own: when its night is due and which day a lot ends, in every time zone.

Origin: flexprice#2671, expiry computed in UTC and 24 hours at a time came days early elsewhere and drifted at the change of
the clocks (bug 3).
"""

import datetime
import zoneinfo

import pytest

from config import night
from credits.models import Purchase
from credits.reports.availability import usable
from ledger.dates import business_date
from ledger.models import BatchRun, LedgerSetup
from tests.builders import make_account, make_company, make_purchase

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)


def utc(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "last", "due_at"),
    [
        ("Asia/Kolkata", "2026-11-24", "2026-11-24T18:45"),
        ("America/New_York", "2026-11-24", "2026-11-25T05:15"),
        ("Pacific/Kiritimati", "2026-11-24", "2026-11-24T10:15"),
        ("Pacific/Pago_Pago", "2026-11-24", "2026-11-25T11:15"),
        # The day the clocks go forward, and the one after it, which begins an hour earlier.
        ("Europe/Berlin", "2026-03-28", "2026-03-28T23:15"),
        ("Europe/Berlin", "2026-03-29", "2026-03-29T22:15"),
        # And back.
        ("Europe/Berlin", "2026-10-24", "2026-10-24T22:15"),
        ("Europe/Berlin", "2026-10-25", "2026-10-25T23:15"),
        ("America/New_York", "2026-10-31", "2026-11-01T04:15"),
        ("America/New_York", "2026-11-01", "2026-11-02T05:15"),
        # Where the clocks go forward at midnight the day begins at one o'clock.
        ("America/Santiago", "2026-09-05", "2026-09-06T04:15"),
    ],
)
def test_the_night_is_due_a_quarter_past_the_company_s_midnight(time_machine, zone, last, due_at):
    make_company(time_zone=zone)
    due_at = utc(due_at)
    time_machine.move_to(due_at - datetime.timedelta(hours=12), tick=False)
    (run,) = night.run_nights(date(last))
    assert run.state == "done"
    assert not night.is_due(due_at - MINUTE)
    assert night.is_due(due_at)


def lot_to(day: str) -> Purchase:
    return make_purchase(
        make_account(), purchased_on=date("2026-01-01"), starts_on=date("2026-01-01"), expires_on=date(day)
    )


def expired_on(lot: Purchase) -> list[datetime.date]:
    return list(lot.consumptions.filter(consumption_type="expiry").values_list("consumed_on", flat=True))


def run_what_is_due(time_machine, at: str) -> list[datetime.date]:
    """What beat would run at that instant."""
    time_machine.move_to(utc(at), tick=False)
    return [run.business_date for run in night.run_nights()] if night.is_due() else []


def test_a_lot_to_the_29th_of_february_is_usable_that_day_and_lapses_on_the_1st_of_march(time_machine):
    make_company(time_zone="America/New_York")
    lot = lot_to("2028-02-29")
    assert run_what_is_due(time_machine, "2028-02-29T05:15") == [date("2028-02-29")]
    assert list(Purchase.objects.filter(usable(business_date(utc("2028-03-01T04:59"))))) == [lot]
    assert run_what_is_due(time_machine, "2028-03-01T05:14") == []
    assert run_what_is_due(time_machine, "2028-03-01T05:15") == [date("2028-03-01")]
    assert expired_on(lot) == [date("2028-03-01")]


def test_the_company_moves_east_and_no_night_is_left_out(time_machine):
    make_company(time_zone="America/Los_Angeles")
    lot = lot_to("2026-11-24")
    assert run_what_is_due(time_machine, "2026-11-24T08:15") == [date("2026-11-24")]
    LedgerSetup.objects.update(time_zone="Pacific/Auckland")
    assert run_what_is_due(time_machine, "2026-11-24T12:00") == [date("2026-11-25")]
    assert run_what_is_due(time_machine, "2026-11-25T11:15") == [date("2026-11-26")]
    assert expired_on(lot) == [date("2026-11-25")]


def test_the_company_moves_west_and_its_day_comes_twice_without_harm(time_machine):
    make_company(time_zone="Pacific/Auckland")
    lot = lot_to("2026-11-25")
    assert run_what_is_due(time_machine, "2026-11-24T11:15") == [date("2026-11-25")]
    LedgerSetup.objects.update(time_zone="America/Los_Angeles")
    for at in ("2026-11-24T12:00", "2026-11-25T08:15"):  # the 24th, and the 25th once more
        run_what_is_due(time_machine, at)
    assert list(Purchase.objects.filter(usable(business_date()))) == [lot]
    assert run_what_is_due(time_machine, "2026-11-26T08:15") == [date("2026-11-26")]
    assert expired_on(lot) == [date("2026-11-26")]
    assert BatchRun.objects.exclude(state="done").count() == 0


def test_a_night_run_ahead_does_not_silence_the_nights_of_the_days_that_come(time_machine):
    make_company()
    assert run_what_is_due(time_machine, "2026-11-24T00:15") == [date("2026-11-24")]
    assert [run.state for run in night.run_nights(date("2026-11-27"))] == ["done"] * 3
    lot = lot_to("2026-11-27")
    assert run_what_is_due(time_machine, "2026-11-25T00:15") == [date("2026-11-25")]
    assert run_what_is_due(time_machine, "2026-11-25T00:30") == []
    assert run_what_is_due(time_machine, "2026-11-28T00:15") == [date("2026-11-28")]
    assert expired_on(lot) == [date("2026-11-28")]


# Changes of the clocks in the north and in the south, a leap day, the turn of the year.
DAYS = ["2026-03-29", "2026-04-05", "2026-09-06", "2026-10-25", "2026-11-01", "2028-02-29", "2026-12-31"]


def test_a_minute_before_and_after_midnight_are_two_days_in_every_time_zone():
    make_company()
    for zone in sorted(zoneinfo.available_timezones()):
        LedgerSetup.objects.update(time_zone=zone)
        for day in map(date, DAYS):
            late = datetime.datetime.combine(day, datetime.time(23, 59), zoneinfo.ZoneInfo(zone))
            early = datetime.datetime.combine(day + DAY, datetime.time(0, 1), zoneinfo.ZoneInfo(zone))
            dates = [business_date(at.astimezone(datetime.UTC)) for at in (late, early)]
            assert dates == [day, day + DAY], zone
