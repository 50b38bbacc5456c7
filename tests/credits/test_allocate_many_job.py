"""More milestones than somebody can wait for get their credits from a worker."""

import datetime

import pytest
from django.urls import reverse

from config import tasks
from credits.forms import project_milestones as forms
from credits.models import CreditsSetup
from credits.services.allocate import allocate
from pages.models import Job
from pages.performing import perform
from tests.builders import make_milestone, make_purchase, make_user, trial_balance
from tests.credits.desk import Page, errors, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


@pytest.fixture
def lot(account):
    return make_purchase(account, number_of_credits=10)


@pytest.fixture
def milestones(project, lot):
    """Three, four and three credits, in the order of their target dates."""
    days = (datetime.date(2027, 1, 1), datetime.date(2027, 2, 1), None)
    return [make_milestone(project, need, target_on=on) for need, on in zip((3, 4, 3), days, strict=True)]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """More than two milestones take long, and the worker is not called: the tests are the worker."""
    monkeypatch.setattr(forms, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: None)


def url(project) -> str:
    return reverse("credits:project-allocate", args=[project.pk])


def held(milestones) -> list[int]:
    for each in milestones:
        each.refresh_from_db()
    return [each.credits_allocated for each in milestones]


def test_more_than_somebody_waits_for_is_foreseen_and_done_by_a_worker(client, dana, lot, project, milestones):
    page = Page(client, url(project))
    assert "a worker allocates them" in text(page.shown)
    assert f"{milestones[1]} 4 of {lot} 0 allocated 4 allocated" in text(page.shown)
    answer = page.confirm()
    job = Job.objects.get()
    assert answer.url == job.get_absolute_url()
    assert held(milestones) == [0, 0, 0]
    perform(job.pk)
    assert held(milestones) == [3, 4, 3]
    shown = text(client.get(job.get_absolute_url()))
    assert "Allocate 10 credits to 3 milestones: done." in shown
    assert f"{lot.number} 10 drawn" in shown


def test_sent_twice_the_worker_is_asked_once(client, dana, project, milestones):
    page = Page(client, url(project))
    first, second = page.confirm(), page.confirm()
    assert first.url == second.url
    assert Job.objects.count() == 1


def test_the_worker_refuses_what_was_not_shown(client, dana, account, project, milestones):
    Page(client, url(project)).fill(fitting="on").confirm()
    allocate(milestones[0], actor=make_user("other"))
    job = Job.objects.get()
    perform(job.pk)
    job.refresh_from_db()
    assert (job.state, held(milestones)) == ("refused", [3, 0, 0])
    assert "Something changed since this was confirmed" in job.refusal


def test_the_worker_posts_what_is_recognised_on_allocation_and_shows_the_sums(client, dana, project, milestones):
    CreditsSetup.objects.update(recognise_revenue="allocation")
    Page(client, url(project)).confirm()
    job = Job.objects.get()
    perform(job.pk)
    assert trial_balance()["4000"] == {"LCY": -800, "USD": -800}
    assert "4000 Services revenue" in text(client.get(job.get_absolute_url()))


def test_too_few_for_all_asks_no_worker(client, dana, project, milestones):
    make_milestone(project, 5)
    page = Page(client, url(project))
    assert "would be short" in text(page.shown)
    assert "Nothing was allocated" in errors(page.confirm())[""][0]
    assert not Job.objects.exists()
