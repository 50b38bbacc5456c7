"""Which nights run: every missed date, in order, once; and what they would do, without doing it."""

import datetime
from decimal import Decimal

import pytest
from django.core.management import call_command

from config import night, tasks
from credits.models import Consumption, Purchase
from ledger.models import BatchRun, JournalEntry, PostingSetup
from ledger.models.nights import State
from tests.builders import make_account, make_company, make_purchase, trial_balance

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 24)
YESTERDAY = TODAY - datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def today(db, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC))
    make_company()
    return time_machine


def nights(until=None):
    return [(run.business_date, run.state) for run in night.run_nights(until)]


def expiring(days_ago: int, **changes):
    expires_on = TODAY - datetime.timedelta(days=days_ago)
    return make_purchase(
        make_account(), expires_on=expires_on, purchased_on=expires_on, starts_on=expires_on, **changes
    )


def test_the_first_night_is_today_s_and_later_ones_begin_where_the_last_one_ended(today):
    """Expiry, missed nights: the first night is that of today."""
    assert nights() == [(TODAY, State.DONE)]
    today.shift(datetime.timedelta(days=3))
    missed = [TODAY + datetime.timedelta(days=day) for day in (1, 2, 3)]
    assert nights() == [(day, State.DONE) for day in missed]
    assert night.last_night() == missed[-1]


def test_a_night_run_again_posts_nothing_again():
    """Expiry, missed nights: run again, nothing changes."""
    expiring(1)
    assert nights() == [(TODAY, State.DONE)]
    books = trial_balance()
    assert books["4090"]["USD"] == -800
    assert nights() == [(TODAY, State.DONE)]
    assert trial_balance() == books


def test_an_earlier_date_run_again_does_not_move_the_mark_back():
    """Expiry, missed nights: an earlier date never moves the mark back."""
    nights()
    assert nights(YESTERDAY) == [(YESTERDAY, State.DONE)]
    assert night.last_night() == TODAY


@pytest.fixture
def torn(monkeypatch):
    """While it is set, a step of the night fails outright."""

    def tear(first, last, on):
        raise ValueError("Torn")

    with monkeypatch.context() as patched:
        patched.setitem(night.STEPS, "Expire services credits", tear)
        yield patched


def test_a_night_that_fails_stops_the_later_ones_and_is_the_first_to_run_again(today, torn):
    nights(YESTERDAY)
    today.shift(datetime.timedelta(days=1))
    expiring(1)
    assert nights() == [(TODAY, State.FAILED)]
    torn.undo()
    assert nights() == [(TODAY, State.DONE), (TODAY + datetime.timedelta(days=1), State.DONE)]
    assert trial_balance()["4090"]["USD"] == -800


def test_what_one_customer_s_setup_refuses_does_not_hold_up_the_others():
    PostingSetup.objects.filter(business_group="EXPORT").update(breakage=None)
    expiring(1)
    abroad = make_account()
    type(abroad).objects.filter(pk=abroad.pk).update(business_group="EXPORT")
    abroad.refresh_from_db()
    make_purchase(abroad, expires_on=YESTERDAY, purchased_on=YESTERDAY, starts_on=YESTERDAY)
    assert nights() == [(TODAY, State.DONE)]
    assert trial_balance()["4090"]["USD"] == -800
    assert list(Purchase.objects.order_by("pk").values_list("credits_expired", flat=True)) == [10, 0]
    (error,) = BatchRun.objects.get().steps.get(position=1).chunks.get().errors
    assert error.startswith("1 purchase: The general posting setup has no breakage account for business group EXPORT")


def test_what_the_books_could_not_take_stops_no_later_night_and_is_found_again(today):
    PostingSetup.objects.update(breakage=None)
    expiring(1)
    nights()
    today.shift(datetime.timedelta(days=1))
    assert nights() == [(TODAY + datetime.timedelta(days=1), State.DONE)]
    PostingSetup.objects.update(breakage="4090")
    today.shift(datetime.timedelta(days=1))
    nights()
    assert trial_balance()["4090"]["USD"] == -800


def test_a_night_run_ahead_does_not_silence_the_ones_before_it():
    nights(TODAY + datetime.timedelta(days=300))
    assert night.is_due()
    tasks.run_night_if_due()
    assert not night.is_due()


def test_a_run_under_way_is_ended_first_and_then_the_date_that_was_asked_for():
    other = night.start_night(YESTERDAY)
    assert nights() == [(YESTERDAY, State.DONE), (TODAY, State.DONE)]
    other.refresh_from_db()
    assert other.state == State.DONE


def test_a_rehearsal_tells_what_the_night_will_do_and_does_nothing():
    expiring(1)
    expiring(1, amount_paid_per_credit="0")
    seen = []
    rehearsed = night.rehearse_nights(look=seen.extend)
    assert not (Consumption.objects.exists() or BatchRun.objects.exists() or JournalEntry.objects.count() > 1)
    assert len(seen) == 1
    list(night.run_nights())
    done = night.BatchRun.objects.get().steps.values_list("name", "chunks__counts")
    for name, counts in done:
        assert counts.items() >= dict(rehearsed)[name].counts.items()
    assert dict(rehearsed)["Seal the journal"].counts == {"sealed entries": 2}
    assert dict(rehearsed)["Expire services credits"].counts == {"purchases": 2, "credits": 20, "entries": 1}


def test_a_rehearsal_names_what_cannot_be_posted_and_goes_on():
    expiring(1)
    PostingSetup.objects.update(breakage=None)
    (error,) = dict(night.rehearse_nights())["Expire services credits"].errors
    assert "breakage" in error


def test_a_blocked_account_is_named_by_rehearsal_and_night_and_its_lots_wait(company_blocks_breakage):
    (error,) = dict(night.rehearse_nights())["Expire services credits"].errors
    assert error.startswith("1 purchase: Ledger account 4090 is blocked")
    assert nights() == [(TODAY, State.DONE)]
    assert not Consumption.objects.exists()


@pytest.fixture
def company_blocks_breakage():
    from ledger.models import LedgerAccount

    expiring(1)
    LedgerAccount.objects.filter(code="4090").update(blocked=True)


@pytest.mark.parametrize(
    ("hour", "minute", "due"),
    [(0, 14, False), (0, 15, True), (12, 0, True)],
)
def test_the_night_is_due_from_a_quarter_past_midnight_company_time(today, hour, minute, due):
    nights()
    now = datetime.datetime(2026, 11, 25, hour, minute, tzinfo=datetime.UTC)
    assert night.is_due(now) == due


def test_after_a_failure_it_is_due_again_in_an_hour(today, torn):
    expiring(1)
    assert nights() == [(TODAY, State.FAILED)]
    now = datetime.datetime.now(datetime.UTC)
    assert not night.is_due(now + datetime.timedelta(minutes=59))
    assert night.is_due(now + datetime.timedelta(minutes=61))


def test_beat_runs_what_is_due_and_only_that(monkeypatch):
    monkeypatch.setattr(tasks.help_night, "delay", lambda run_id: None)
    tasks.run_night_if_due()
    tasks.run_night_if_due()
    assert list(BatchRun.objects.values_list("business_date", "state")) == [(TODAY, State.DONE)]


def test_beat_takes_up_a_run_that_nobody_does():
    nights()
    left = night.start_night(TODAY)
    tasks.run_night_if_due()
    left.refresh_from_db()
    assert left.state == State.DONE


def test_a_task_for_a_run_that_is_gone_or_over_does_nothing():
    tasks.help_night(4711)
    nights()
    finished = BatchRun.objects.get().finished_at
    tasks.help_night(BatchRun.objects.get().pk)
    assert BatchRun.objects.get().finished_at == finished


def test_a_task_delivered_twice_leaves_the_same_books(monkeypatch):
    monkeypatch.setattr(tasks.help_night, "delay", lambda run_id: None)
    expiring(1, amount_paid_per_credit="33.33")
    tasks.run_nights(TODAY.isoformat())
    books = trial_balance()
    tasks.run_nights(TODAY.isoformat())
    assert trial_balance() == books
    assert books["4090"]["USD"] == Decimal("-333.30")


def test_what_is_too_much_to_rehearse_is_counted_and_the_counts_are_the_night_s(monkeypatch):
    expiring(1)
    expiring(1)
    monkeypatch.setattr(night, "MOST_REHEARSED", 0)
    assert not night.can_be_rehearsed(TODAY)
    counted = {name: outcome.counts for name, outcome in night.count_nights(TODAY)}
    rehearsed = {name: outcome.counts for name, outcome in night.rehearse_nights(TODAY)}
    assert counted == {
        "Expire services credits": {"purchases": 2, "credits": 20},
        "Bill customer contracts": {"contract invoices": 0},
        "Expire prepaid residuals": {"residuals": 0},
        "Release contract deferrals": {"contract deferrals released": 0},
        "Earn completed milestones": {"milestones": 0},
        "Recognise expected breakage": {"purchases": 0},
        "Raise notices": {"notices": 0},
        "Seal the journal": {"unsealed entries": 2},
    }
    for name in night.STEPS.keys() - {"Seal the journal"}:
        assert counted[name].items() <= rehearsed[name].items()
    assert rehearsed["Seal the journal"] == {"sealed entries": 4}


def test_a_date_in_the_future_is_run_by_the_command_line_with_a_warning(capsys):
    """Expiry, missed nights: a date in the future is for the command line, with a warning."""
    lot = expiring(0)
    call_command("nightly", date=TODAY + datetime.timedelta(days=1))
    assert "2026-11-25 is in the future" in capsys.readouterr().err
    assert Purchase.objects.get(pk=lot.pk).credits_expired == 10
