"""The page of a job: who sees it, how far it is, what came of it; one's own jobs on the home page."""

import datetime
import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from config import tasks
from pages import jobs
from pages.imports import FileRefused, Problem
from pages.jobs import Receipt, request_job
from pages.models import Job, JobProgress
from pages.performing import perform
from pages.preview import Change, Link, Preview
from pages.refusals import Refused
from tests.builders import make_company, make_user

pytestmark = pytest.mark.django_db
MAY = "ledger.view_currency"


@pytest.fixture(autouse=True)
def quiet(db, monkeypatch):
    make_company()
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: None)


@pytest.fixture
def asked(monkeypatch):
    """A job of a kind that does what the function says."""

    def ask(run=lambda job, report: Receipt("Done."), by=None, key="1", title="Sort the lots"):
        known = jobs.Kind(run, title, MAY, ("Currencies", "ledger:currency-list"))
        monkeypatch.setitem(jobs._kinds, "sample", known)
        by = by or make_user("asker")
        by.user_permissions.add(Permission.objects.get(codename="view_currency"))
        return request_job("sample", {}, key=key, by=by)

    return ask


def part_of(job):
    return reverse("job-progress", args=[job.pk])


def under_way(job, **far):
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(state="running", started_at=now)
    JobProgress.objects.filter(job=job).update(**{"step_began_at": now, "reported_at": now} | far)


def text_of(page, url):
    return page.get(url).content.decode()


def words_of(text):
    return re.sub(r"<[^>]+>", "", text)


def test_it_is_open_to_whoever_asked_and_to_those_with_the_permission_of_its_kind(signed_in, asked, client):
    nobody, job = signed_in(), asked()
    assert [nobody.get(url).status_code for url in (job.get_absolute_url(), part_of(job))] == [403, 403]
    client.force_login(make_user("asker"))
    assert [client.get(url).status_code for url in (job.get_absolute_url(), part_of(job))] == [200, 200]


def test_another_with_the_permission_sees_it_and_is_not_led_on(signed_in, asked, client):
    page, job = signed_in(MAY), asked(lambda job, report: Receipt("Read.", goes_on="/search/"))
    perform(job.pk)
    assert page.get(job.get_absolute_url()).status_code == 200
    client.force_login(make_user("asker"))
    assert client.get(job.get_absolute_url()).url == "/search/"


def test_while_it_waits_and_runs_the_page_asks_how_far_it_is(signed_in, asked):
    page = signed_in()
    job = asked(by=page.user)
    text = text_of(page, job.get_absolute_url())
    assert f'hx-get="{part_of(job)}?seen=waiting"' in text and "Waiting for a worker" in text
    assert "You can leave this page: the job goes on. You find it again on the" in text
    under_way(job, step="Writing lots", done=400, total=1200)
    htmx = {"headers": {"HX-Request": "true"}}
    assert page.get(f"{part_of(job)}?seen=waiting", **htmx)["HX-Refresh"] == "true"
    text = page.get(f"{part_of(job)}?seen=running", **htmx).content.decode()
    assert '<progress id="progress-bar" max="1200" value="400">' in text
    assert "Writing lots: 400 of 1,200" in words_of(text)
    perform(job.pk)
    assert page.get(f"{part_of(job)}?seen=running", **htmx)["HX-Refresh"] == "true"
    assert "hx-get" not in text_of(page, job.get_absolute_url())


def test_the_rest_of_a_step_is_what_it_took_so_far(signed_in, asked, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC), tick=False)
    page = signed_in()
    job, now = asked(by=page.user), timezone.now()
    began = now - datetime.timedelta(seconds=40)
    under_way(job, step="Writing lots", done=1, total=4, step_began_at=began, reported_at=now)
    assert "About 2 min 0 s to go for this step." in text_of(page, job.get_absolute_url())


def test_without_a_worker_the_page_says_so_after_a_while(signed_in, asked):
    page = signed_in()
    job = asked(by=page.user)
    assert "waits for a worker, and none" not in text_of(page, job.get_absolute_url())
    Job.objects.update(requested_at=timezone.now() - datetime.timedelta(minutes=5))
    assert "waits for a worker, and none has taken it up for 5 min" in text_of(page, job.get_absolute_url())


def test_a_worker_that_is_silent_is_said_as_well(signed_in, asked):
    page, long_ago = signed_in(), timezone.now() - datetime.timedelta(minutes=3)
    job = asked(by=page.user)
    under_way(job, step="Reading", reported_at=long_ago)
    assert "The worker has not reported for some minutes." in text_of(page, job.get_absolute_url())
    JobProgress.objects.update(reported_at=timezone.now())
    assert "The worker has not reported" not in text_of(page, job.get_absolute_url())


def test_afterwards_it_is_a_receipt_with_what_changed_and_links(signed_in, asked):
    page = signed_in()
    preview = Preview(
        changes=[Change("Lots", "1", "2")], warnings=["Mind the gap."], made=[Link("Lot SCP-000001", "/there/")]
    )
    job = asked(lambda job, report: Receipt("Two lots are sorted.", preview), by=page.user)
    perform(job.pk)
    text = text_of(page, job.get_absolute_url())
    assert "Two lots are sorted." in text and "What changed" in text and "Mind the gap." not in text
    assert '<a href="/there/">Lot SCP-000001</a>' in text


def test_a_refusal_is_its_sentence_its_list_and_the_way_back(signed_in, asked):
    page = signed_in()

    def refuse(job, report):
        raise FileRefused([Problem("No number.", line, "Amount", "lots.csv") for line in range(1, 202)])

    job = asked(refuse, by=page.user)
    perform(job.pk)
    text = text_of(page, job.get_absolute_url())
    assert "Nothing is imported. Correct these 201 things" in text
    assert '<td>lots.csv</td><td class="num">200</td><td>Amount</td><td>No number.</td>' in text
    assert "These are the first 200 of 201." in words_of(text)
    assert f'href="{reverse("ledger:currency-list")}">Back to Currencies</a>' in text


def test_ones_own_jobs_of_the_last_day_are_on_the_home_page(signed_in, asked):
    page, day = signed_in(), datetime.timedelta(days=1)
    assert "Your jobs" not in text_of(page, "/")
    running, done, old, foreign = (asked(by=by, key=by.username + key) for by, key in (
        (page.user, "1"), (page.user, "2"), (page.user, "3"), (make_user("another"), "4")))  # fmt: skip
    under_way(running, step="Writing lots", done=400, total=1200)
    perform(done.pk)
    perform(old.pk)
    Job.objects.filter(pk=old.pk).update(finished_at=timezone.now() - 2 * day)
    text = text_of(page, "/")
    assert [job.get_absolute_url() in text for job in (running, done, old, foreign)] == [True, True, False, False]
    assert "Writing lots: 400 of 1,200" in words_of(text) and "Done." in text


def test_the_home_page_makes_the_same_number_of_queries_for_any_number_of_jobs(
    signed_in, asked, django_assert_max_num_queries
):
    page = signed_in()
    for number in range(4):
        asked(by=page.user, key=str(number))
        with django_assert_max_num_queries(12):
            page.get("/")


def test_a_job_of_another_version_of_the_program_is_shown_by_its_kind(signed_in, asked, monkeypatch):
    page = signed_in()
    job = asked(by=page.user)
    monkeypatch.delitem(jobs._kinds, "sample")
    perform(job.pk)
    assert "This kind of work is not known any more." in text_of(page, job.get_absolute_url())


def test_a_refusal_is_a_refusal_on_the_home_page_too(signed_in, asked):
    def refuse(job, report):
        raise Refused("No lots.")

    page = signed_in()
    perform(asked(refuse, by=page.user).pk)
    assert "No lots." in text_of(page, "/")
