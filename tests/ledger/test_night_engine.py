"""The engine of the night: chunks claimed in PostgreSQL, done once, in step order, by as many workers as there are."""

import datetime
import threading

import pytest
from django.db import connections

from ledger.models import BatchChunk, BatchRun, BusinessPostingGroup, JournalEntry
from ledger.models.nights import State
from ledger.reports.nights import night_report, progress
from ledger.services.nights import WHOLE, Outcome, open_run, work
from tests.builders import make_company, make_entry, make_user

DAY = datetime.date(2026, 11, 24)
RANGES = [(1, 10), (11, 20), (21, 30)]


def run(steps, *, day=DAY, ranges=RANGES, actor=None) -> BatchRun:
    return work(open_run(day, dict.fromkeys(steps, ranges), actor=actor), steps)


def noting(done: list):
    def step(first, last, on):
        done.append((first, last, on))
        return Outcome({"seen": last - first + 1})

    return step


@pytest.mark.django_db
def test_every_chunk_is_done_once_in_order_each_step_after_the_one_before():
    done = []
    ended = run({"One": noting(done), "Two": noting(done)})
    assert done == [(first, last, DAY) for first, last in RANGES] * 2
    assert (ended.state, ended.finished_at is None) == (State.DONE, False)
    report = night_report(ended)
    assert [(step.name, step.state, step.done, step.chunks, step.counts) for step in report] == [
        ("One", "done", 3, 3, {"seen": 30, "entries": 0}),
        ("Two", "done", 3, 3, {"seen": 30, "entries": 0}),
    ]


@pytest.mark.django_db
def test_a_step_of_the_whole_is_done_once_beside_steps_of_many_chunks_and_its_words_are_noted():
    done = []

    def whole(first, last, on):
        done.append("whole")
        return Outcome({"things": 2}, noted={"head": "7:abc"})

    steps = {"One": noting(done), "Whole": whole}
    ended = work(open_run(DAY, {"One": RANGES, "Whole": WHOLE}), steps)
    assert done == [(first, last, DAY) for first, last in RANGES] + ["whole"]
    report = night_report(ended)[1]
    assert (report.state, report.chunks, report.counts) == ("done", 1, {"things": 2, "entries": 0})
    assert report.noted == {"head": "7:abc"}


@pytest.mark.django_db
def test_without_customers_a_night_is_done_at_once():
    assert run({"One": noting([])}, ranges=[]).state == State.DONE


@pytest.mark.django_db
def test_a_chunk_that_fails_leaves_nothing_of_it_and_all_of_the_others(company):
    def step(first, last, on):
        make_entry(f"test:{first}")
        if first == 11:
            raise ValueError("The lot of customer 11 is torn.\nDETAIL: not for people")
        return Outcome({"lots": 1})

    ended = run({"Post": step})
    assert ended.state == State.FAILED
    assert sorted(JournalEntry.objects.values_list("event_key", flat=True)) == ["test:1", "test:21"]
    (report,) = night_report(ended)
    assert (report.state, report.done, report.failed) == ("failed", 2, 1)
    assert (report.counts, report.errors) == ({"lots": 2, "entries": 2}, ["The lot of customer 11 is torn."])


@pytest.mark.django_db
def test_what_a_step_could_not_do_is_named_and_keeps_what_it_did(company):
    def step(first, last, on):
        make_entry(f"test:{first}")
        return Outcome({"lots": 1}, ["No breakage account."] if first != 21 else [])

    ended = run({"Post": step})
    assert (ended.state, JournalEntry.objects.count()) == (State.DONE, 3)
    (report,) = night_report(ended)
    assert (report.state, report.errors) == ("incomplete", ["No breakage account."])


@pytest.mark.django_db
def test_a_step_that_an_earlier_version_began_fails_and_does_not_hang_the_run(company):
    left = open_run(datetime.date(2026, 11, 24), {"Renamed since": [(1, 10)]})
    assert work(left, {}).state == State.FAILED


@pytest.mark.django_db
def test_an_error_without_words_and_one_that_waits_for_the_commit_fail_their_chunk(company):
    def wordless(first, last, on):
        raise ValueError

    def late(first, last, on):
        JournalEntry.objects.create(
            event_key=f"test:{first}", kind="test", posting_date=on, effective_on=on, currency_id="USD",
            description="Without lines", line_count=2,
        )  # fmt: skip
        return Outcome()

    ended = run({"Wordless": wordless, "Late": late})
    assert ended.state == State.FAILED
    first, second = night_report(ended)
    assert first.errors == ["ValueError"]
    assert "has no lines" in second.errors[0]


@pytest.mark.django_db
def test_repaired_and_run_again_it_does_what_is_left_and_nothing_twice(company):
    torn = {11}

    def step(first, last, on):
        if first in torn:
            raise ValueError("Torn")
        make_entry(f"test:{first}")
        return Outcome()

    assert run({"Post": step}).state == State.FAILED
    torn.clear()
    again = run({"Post": step})
    assert again.state == State.DONE
    assert sorted(JournalEntry.objects.values_list("event_key", flat=True)) == ["test:1", "test:11", "test:21"]
    assert BatchRun.objects.count() == 2


@pytest.mark.django_db
def test_a_second_start_joins_the_run_under_way_whatever_its_date(company):
    first = open_run(DAY, {"One": RANGES}, actor=make_user("ann"))
    joined = open_run(DAY + datetime.timedelta(days=1), {"One": [(1, 99)], "Two": WHOLE}, actor=make_user("bob"))
    assert (joined, joined.business_date, joined.started_by.username) == (first, DAY, "ann")
    assert BatchChunk.objects.count() == 3
    work(joined, {"One": noting([])})
    assert open_run(DAY, {"One": RANGES}) != first


@pytest.mark.django_db
def test_a_worker_that_comes_late_finds_the_run_ended_as_it_was():
    late = open_run(DAY, {"One": RANGES})
    ended = work(BatchRun.objects.get(pk=late.pk), {"One": noting([])})
    assert work(late, {}).finished_at == ended.finished_at


@pytest.mark.django_db
def test_progress_tells_the_rest_from_what_is_done(time_machine):
    begun = datetime.datetime(2026, 11, 25, 0, 15, tzinfo=datetime.UTC)
    night = open_run(DAY, dict.fromkeys(["One", "Two"], RANGES[:2]))
    BatchRun.objects.filter(pk=night.pk).update(started_at=begun)
    night.refresh_from_db()
    time_machine.move_to(begun + datetime.timedelta(seconds=119))
    seen = progress(night)
    assert (seen.done, seen.all, seen.rest, seen.is_silent) == (0, 4, None, False)
    chunk = BatchChunk.objects.filter(step__name="One").first()
    BatchChunk.objects.filter(pk=chunk.pk).update(state="done", finished_at=begun + datetime.timedelta(seconds=90))
    time_machine.move_to(begun + datetime.timedelta(seconds=100))
    seen = progress(night)
    assert (seen.done, seen.rest) == (1, datetime.timedelta(seconds=300))
    assert [step.state for step in seen.steps] == ["running", "waiting"]
    time_machine.move_to(begun + datetime.timedelta(seconds=211))
    assert progress(night).is_silent


class Worker(threading.Thread):
    def __init__(self, do) -> None:
        super().__init__(daemon=True)
        self.do, self.error, self.result = do, None, None

    def run(self) -> None:
        try:
            self.result = self.do()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()


def at_once(*workers: Worker) -> list:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.error for worker in workers] == [None] * len(workers)
    return [worker.result for worker in workers]


@pytest.mark.django_db(transaction=True)
def test_two_nights_started_at_once_are_one_and_its_chunks_are_shared():
    """The barrier lets the first chunks of both workers begin only when each holds one: neither does all the work."""
    make_company()
    both, done, lock = threading.Barrier(2, timeout=20), [], threading.Lock()
    ranges = [(at, at) for at in range(1, 21)]

    def step(first, last, on):
        if first in (1, 2):
            both.wait()
        make_entry(f"test:{first}")
        with lock:
            done.append((first, threading.get_ident()))
        return Outcome({"seen": 1})

    runs = at_once(*(Worker(lambda: run({"Post": step}, ranges=ranges)) for _ in range(2)))
    assert runs[0] == runs[1]
    assert BatchRun.objects.get().state == State.DONE
    assert sorted(first for first, _ in done) == list(range(1, 21))
    assert len({worker for _, worker in done}) == 2
    assert JournalEntry.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_the_next_step_waits_for_the_last_chunk_of_the_one_before():
    both, order, lock = threading.Barrier(2, timeout=20), [], threading.Lock()
    slow = threading.Event()

    def one(first, last, on):
        both.wait()
        if first == 1:
            slow.wait(1)
        with lock:
            order.append("one")
        return Outcome()

    def two(first, last, on):
        slow.set()
        with lock:
            order.append("two")
        return Outcome()

    at_once(*(Worker(lambda: run({"One": one, "Two": two}, ranges=[(1, 1), (2, 2)])) for _ in range(2)))
    assert order == ["one", "one", "two", "two"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_connection_dies_lets_its_chunk_go_with_nothing_done():
    night = open_run(DAY, {"One": [(1, 1)]})

    def dying(first, last, on):
        BusinessPostingGroup.objects.create(code="HALF", name="Half done")
        connections["default"].connection.close()
        return Outcome()

    worker = Worker(lambda: work(BatchRun.objects.get(pk=night.pk), {"One": dying}))
    worker.start()
    worker.join(20)
    assert worker.error is not None
    done = []
    assert work(night, {"One": noting(done)}).state == State.DONE
    assert done == [(1, 1, DAY)]
    assert not BusinessPostingGroup.objects.exists()
