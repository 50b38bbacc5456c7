"""Jobs and real processes: a worker of Celery does one; one that dies in the middle, anywhere, leaves nothing half done."""

import datetime
import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config import tasks
from config.embedded.processes import wait_until
from config.scale.databases import url_of
from credits.certinia import jobs
from credits.certinia.files import packed
from credits.models import Purchase
from ledger.dates import business_date
from ledger.models import JournalEntry
from pages.models import Job, JobProgress, Upload
from pages.performing import MOST_ATTEMPTS, perform
from pages.workers import left_over
from tests.browsing import worker  # noqa: F401  (a fixture)
from tests.builders import make_company, make_user, trial_balance
from tests.credits.certinia.conftest import PURCHASE, export_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def import_job():
    """Asks for the import of five purchases of 800.00 each, as it was looked at."""
    make_company()
    day = business_date()
    ends = day + datetime.timedelta(days=365)
    lots = [f"SCP-{n:06d},A1,USD,{day},{day},{ends},10,100.00,80.00,false," for n in range(5)]
    content = packed(export_of(Account=["A1,Harbour,USD"], **{PURCHASE: lots}))

    def ask():
        upload = Upload.objects.create(
            user=make_user("importer", is_superuser=True), kind="certinia", file_name="x", content=content
        )
        rehearsal = jobs.request_rehearsal(upload)
        perform(rehearsal.pk)
        rehearsal.refresh_from_db()
        return jobs.request_import(upload, jobs.shown_by(rehearsal))

    return ask


def test_a_worker_does_what_it_is_called_for(import_job, worker):  # noqa: F811
    job = import_job()
    assert wait_until(lambda: not Job.objects.get(pk=job.pk).is_open, 120)
    job.refresh_from_db()
    assert (job.state, job.result["said"]) == ("done", "Imported: 1 account, 5 purchases.")
    assert (Purchase.objects.count(), trial_balance()["2400"]["USD"]) == (5, -4000)
    assert JobProgress.objects.get(job=job).step == "Adding up"


def killed_before(statement, job):
    """Whether it died there; False where the job was over before."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.config.killed_job", str(job.pk), str(statement)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url_of(connection.settings_dict["NAME"])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode in (0, -signal.SIGKILL), process.stderr
    return process.returncode != 0


def test_killed_again_and_again_and_taken_up_it_is_done_once(import_job, monkeypatch):
    """Each attempt gets further than the one before; after each the job is found by beat, with nothing of it done."""
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: None)
    deaths = 0
    job = import_job()
    Job.objects.filter(pk=job.pk).update(requested_at=timezone.now() - datetime.timedelta(minutes=1))
    for statement in range(2, 200, 7):
        Job.objects.filter(pk=job.pk).update(attempts=min(deaths, MOST_ATTEMPTS - 1))
        if not killed_before(statement, job):
            break
        deaths += 1
        assert wait_until(lambda: left_over() == [job.pk], 30)  # the server has to notice that its client is gone
        assert (Purchase.objects.count(), JournalEntry.objects.count()) == (0, 0)
    assert deaths >= 5
    job.refresh_from_db()
    assert (job.state, left_over(), Purchase.objects.count()) == ("done", [], 5)
    assert trial_balance()["2400"]["USD"] == -4000
