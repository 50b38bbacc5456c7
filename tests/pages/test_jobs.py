"""Jobs: asked for once, done once, all or nothing, and found again when their worker is gone."""

import threading

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerTrouble

from config import tasks
from ledger.models import Dimension
from pages import jobs, performing
from pages.imports import FileRefused, Problem
from pages.jobs import Receipt, request_job
from pages.models import Job, JobProgress
from pages.performing import perform
from pages.preview import Change, Preview
from pages.progress import Beside, each
from pages.refusals import Refused
from pages.workers import left_over
from tests.builders import make_user
from tests.racing import at_once

LONG_AGO = timezone.now() - timezone.timedelta(hours=1)


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The jobs that workers are called for."""
    calls = []
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: calls.append(args[0]))
    return calls


@pytest.fixture
def kind(monkeypatch):
    """Registers what a job of the kind "sample" does."""

    def register(run):
        known = jobs.Kind(run, "Sample", "ledger.view_currency", ("Currencies", "ledger:currency-list"))
        monkeypatch.setitem(jobs._kinds, "sample", known)
        return run

    return register


def make_dimension(job, report):
    Dimension.objects.create(code=job.params["code"], name="Region")
    return Receipt("Made.", Preview(changes=[Change("Region", "", "new")]))


def asked(key="1", code="REGION", by=None):
    return request_job("sample", {"code": code}, key=key, by=by or make_user("asker", is_superuser=True))


def state_of(job):
    return Job.objects.get(pk=job.pk).state


@pytest.mark.django_db(transaction=True)
class TestCommitted:
    def test_a_worker_is_called_after_the_commit_and_does_it(self, kind, sent):
        kind(make_dimension)
        with transaction.atomic():
            job = asked()
            assert sent == []
        assert sent == [job.pk]
        tasks.run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempts, job.result["said"]) == ("done", 1, "Made.")
        assert job.started_at <= job.finished_at
        assert Dimension.objects.get().code == "REGION"

    def test_redis_that_does_not_answer_loses_no_job(self, kind, monkeypatch):
        def unreachable(args, **options):
            raise BrokerTrouble("Error 111 connecting to localhost:6379.")

        monkeypatch.setattr(tasks.run_job, "apply_async", unreachable)
        kind(make_dimension)
        assert state_of(asked()) == "waiting"

    def test_the_same_request_from_many_at_once_is_one_job(self, kind, sent):
        """Two who press at once, and one who presses twice: the origin is bugs-to-tests 14 (formancehq/stack#1633)."""
        kind(make_dimension)
        by = make_user()
        results = at_once([lambda: asked(by=by)] * 8)
        assert len({job.pk for job in results}) == len(sent) == Job.objects.count() == 1

    def test_delivered_to_many_workers_at_once_it_is_done_once(self, kind):
        """bugs-to-tests 7 (lago-api#3618): parallel deliveries of one event."""
        kind(make_dimension)
        job = asked()
        assert at_once([lambda: perform(job.pk)] * 8) == [None] * 8
        assert (state_of(job), Dimension.objects.count()) == ("done", 1)

    def test_a_second_delivery_passes_over_a_job_that_is_being_done(self, kind):
        """It neither waits for the first nor does it again."""
        begun, go_on = threading.Event(), threading.Event()

        @kind
        def slow(job, report):
            begun.set()
            assert go_on.wait(30)
            return make_dimension(job, report)

        job = asked()
        worker = threading.Thread(target=lambda: (perform(job.pk), connection.close()))
        worker.start()
        try:
            assert begun.wait(30)
            perform(job.pk)
            assert (state_of(job), left_over()) == ("running", [])
        finally:
            go_on.set()
            worker.join()
        assert (state_of(job), Job.objects.get().attempts) == ("done", 1)

    def test_progress_is_seen_while_the_transaction_is_open_and_stays_when_it_is_taken_back(self, kind):
        begun, go_on = threading.Event(), threading.Event()

        @kind
        def slow(job, report):
            for _ in each(range(3), "Sorting", report):
                make_dimension(job, report)
                begun.set()
                assert go_on.wait(30)
                raise Refused("No region any more.")

        job = asked()
        worker = threading.Thread(target=lambda: (perform(job.pk), connection.close()))
        worker.start()
        try:
            assert begun.wait(30)
            seen = JobProgress.objects.get(job=job)
            assert (seen.step, seen.done, seen.total, Dimension.objects.count()) == ("Sorting", 0, 3, 0)
        finally:
            go_on.set()
            worker.join()
        assert (state_of(job), JobProgress.objects.get().step) == ("refused", "Sorting")

    def test_progress_is_written_at_each_step_and_else_twice_a_second(self, kind):
        kind(make_dimension)
        job = asked()
        with Beside(job.pk) as report:
            for step, done in (("Reading", 0), ("Reading", 50), ("Writing", 30), ("Writing", 99)):
                report(step, done, 60)
            assert JobProgress.objects.values_list("step", "done", "total").get() == ("Writing", 30, 60)
            report.next_at = 0
            report("Writing", 99, 60)
        assert JobProgress.objects.get().done == 60

    def test_progress_that_cannot_be_written_stops_nothing(self, kind):
        kind(make_dimension)
        with Beside(asked().pk) as report:
            report.connection.settings_dict["NAME"] = "no_such_database"
            report("Reading", 1, 2)
            report("Writing", 1, 2)
        assert JobProgress.objects.get().step == ""

    def test_a_job_whose_message_or_worker_was_lost_is_found_again_and_done(self, kind, sent):
        kind(make_dimension)
        lost, died, fresh = asked("lost", "A"), asked("died", "B"), asked("fresh", "C")
        Job.objects.exclude(pk=fresh.pk).update(requested_at=LONG_AGO)
        Job.objects.filter(pk=died.pk).update(state="running", started_at=LONG_AGO, attempts=1)
        sent.clear()
        tasks.take_up_jobs()
        assert sorted(sent) == sorted([lost.pk, died.pk])
        for pk in sent:
            tasks.run_job(pk)
        assert Job.objects.get(pk=died.pk).attempts == 2
        assert sorted(Dimension.objects.values_list("code", flat=True)) == ["A", "B"]


@pytest.mark.django_db
class TestOutcomes:
    def test_the_same_key_gives_the_same_job_and_with_another_body_is_refused(self, kind):
        """bugs-to-tests 14 (formancehq/stack#1633): the same key with another body was accepted."""
        kind(make_dimension)
        job = asked()
        assert asked() == job
        for other in ({"code": "OTHER"}, {"by": make_user("mallory")}):
            with pytest.raises(Refused, match="for something else or by somebody else"):
                asked(**other)
        assert Job.objects.count() == 1

    def test_what_is_refused_leaves_nothing_but_its_sentence(self, kind):
        @kind
        def refuse(job, report):
            make_dimension(job, report)
            raise Refused("Enough regions.")

        job = asked()
        perform(job.pk)
        job.refresh_from_db()
        assert (job.state, job.refusal, Dimension.objects.count()) == ("refused", "Enough regions.", 0)

    def test_whoever_may_not_do_it_any_more_has_it_done_by_nobody(self, kind):
        kind(make_dimension)
        for key, lost in (("1", {"is_superuser": False}), ("2", {"is_active": False})):
            asker = make_user(f"asker-{key}", is_superuser=True)
            job = asked(key=key, by=asker)
            type(asker).objects.filter(pk=asker.pk).update(**lost)
            perform(job.pk)
            job.refresh_from_db()
            assert (job.state, Dimension.objects.count()) == ("refused", 0)
            assert "is not permitted to do it any more" in job.refusal

    def test_what_stands_against_a_file_is_kept_by_line_as_far_as_somebody_reads_it(self, kind):
        @kind
        def refuse(job, report):
            raise FileRefused([Problem("Wrong.", line, "Name", "a.csv") for line in range(1, 301)])

        job = asked()
        perform(job.pk)
        job.refresh_from_db()
        assert job.result["problem_count"] == 300
        assert job.result["problems"][199] == {"sentence": "Wrong.", "line": 200, "column": "Name", "file": "a.csv"}
        assert len(job.result["problems"]) == 200

    def test_a_fault_is_said_without_its_detail_and_logged_with_it(self, kind, caplog):
        @kind
        def fault(job, report):
            make_dimension(job, report)
            raise ZeroDivisionError("secret")

        job = asked()
        perform(job.pk)
        job.refresh_from_db()
        assert (job.state, Dimension.objects.count()) == ("failed", 0)
        assert job.refusal.startswith("Something went wrong here, and nothing was written.")
        assert "secret" not in job.refusal and "secret" in caplog.text

    def test_what_the_database_refuses_only_at_the_commit_is_such_a_fault(self, kind):
        @kind
        def unbalanced(job, report):
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMPORARY TABLE deferred (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
                cursor.execute("INSERT INTO deferred VALUES (1), (1)")
            return Receipt("Never.")

        job = asked()
        perform(job.pk)
        assert state_of(job) == "failed"

    def test_trouble_with_the_database_ends_nothing_and_is_tried_again(self, kind):
        @kind
        def deadlock(job, report):
            make_dimension(job, report)
            raise OperationalError("deadlock detected")

        job = asked()
        with pytest.raises(OperationalError):
            perform(job.pk)
        assert (state_of(job), Dimension.objects.count()) == ("running", 0)
        kind(make_dimension)
        perform(job.pk)
        assert (state_of(job), Dimension.objects.count()) == ("done", 1)

    def test_a_job_that_takes_its_worker_with_it_is_given_up(self, kind):
        kind(make_dimension)
        job = asked()
        Job.objects.update(state="running", started_at=LONG_AGO, attempts=performing.MOST_ATTEMPTS)
        perform(job.pk)
        job.refresh_from_db()
        assert (job.state, Dimension.objects.count()) == ("failed", 0)
        assert job.refusal.startswith("This was begun 5 times")

    def test_a_kind_that_is_gone_is_refused(self, kind, monkeypatch):
        kind(make_dimension)
        job = asked()
        monkeypatch.delitem(jobs._kinds, "sample")
        perform(job.pk)
        assert state_of(job) == "refused"

    def test_a_job_that_ended_or_is_gone_is_left_alone(self, kind):
        kind(make_dimension)
        job = asked()
        perform(job.pk)
        perform(job.pk)
        perform(10**9)
        assert (state_of(job), Dimension.objects.count()) == ("done", 1)

    def test_what_a_job_changes_is_signed_by_whoever_asked(self, kind):
        from ledger.models import ChangeLogEntry

        kind(make_dimension)
        perform(asked(by=make_user("dora", is_superuser=True)).pk)
        signed = ChangeLogEntry.objects.filter(table="ledger_dimension").values_list("actor__username", "action")
        assert list(signed) == [("dora", "Sample")]

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            ("state = 'lost'", "job_says_why_it_was_not_done"),
            ("state = 'running'", "job_times_follow_its_state"),
            ("started_at = now()", "job_times_follow_its_state"),
            ("state = 'done', started_at = now()", "job_times_follow_its_state"),
            ("state = 'refused', started_at = now(), finished_at = now()", "job_says_why_it_was_not_done"),
            ("refusal = 'No.'", "job_says_why_it_was_not_done"),
        ],
    )
    def test_the_database_refuses_a_job_that_contradicts_itself(self, kind, change, constraint):
        kind(make_dimension)
        asked()
        with pytest.raises(IntegrityError, match=constraint), connection.cursor() as cursor:
            cursor.execute(f"UPDATE pages_job SET {change}")

    def test_the_database_refuses_progress_past_its_total_and_a_second_job_of_a_key(self, kind):
        kind(make_dimension)
        job = asked()
        with (
            pytest.raises(IntegrityError, match="job_progress_within_its_total"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE pages_jobprogress SET done = 2, total = 1")
        with pytest.raises(IntegrityError, match="pages_job_key"), transaction.atomic():
            Job.objects.create(kind="sample", key=job.key, requested_by=make_user())
