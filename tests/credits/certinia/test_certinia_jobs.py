"""An export with more lines than somebody can wait for: a worker looks at it, then imports what was shown and confirmed."""

import threading
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from config import tasks
from credits.certinia import jobs
from credits.certinia.files import by_object, lines_in, packed
from credits.certinia.importing import import_export
from credits.models import Milestone, Purchase
from ledger.models import ChangeLogEntry, JournalEntry
from opportunities.models import Account
from pages.models import Job, JobProgress, Upload
from pages.performing import perform
from tests.builders import make_account, make_company, make_user, trial_balance
from tests.credits.certinia.conftest import MILESTONE, PURCHASE, export_of
from tests.credits.certinia.test_certinia_lines import workbook
from tests.credits.desk import sign_in

IMPORT = reverse("credits:certinia-import")
LINES = {
    "Account": ["A1,Harbour,USD", "A2,Northwind,EUR"],
    PURCHASE: [f"SCP-{n:06d},A1,USD,2026-01-05,2026-01-05,2027-01-04,10,100.00,80.00,false," for n in range(1, 6)],
    MILESTONE: [f"MS-{n:06d},Design,A1,Programme,USD,4,2026-03-01,Approved," for n in range(1, 4)],
}


@pytest.fixture
def page(client, db, today, monkeypatch):
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: None)
    monkeypatch.setattr(jobs, "MOST_LINES", 5)
    make_company()
    sign_in(client, "credits.import_certinia", "credits.view_purchase")
    return client


def brought(page, **lines):
    """Brings the export; gives the job that looks at it, done."""
    files = [SimpleUploadedFile(name, content) for name, content in export_of(**(LINES | lines))]
    answer = page.post(IMPORT, {"export": files, "token": uuid.uuid4()})
    job = Job.objects.latest("pk")
    assert answer.url == job.get_absolute_url()
    perform(job.pk)
    job.refresh_from_db()
    return job


def confirmed(page, rehearsal):
    """Confirms what was found; gives the job that imports it."""
    review = page.get(rehearsal.get_absolute_url(), follow=True)
    sent = {"token": uuid.uuid4(), "fingerprint": review.context["preview"].fingerprint}
    answer = page.post(review.request["PATH_INFO"], sent)
    job = Job.objects.latest("pk")
    assert answer.url == job.get_absolute_url()
    return job


@pytest.mark.django_db
class TestByAWorker:
    def test_it_is_looked_at_shown_confirmed_and_imported(self, page):
        rehearsal = brought(page)
        assert (rehearsal.state, Account.objects.count(), JournalEntry.objects.count()) == ("done", 0, 0)
        review = page.get(rehearsal.get_absolute_url(), follow=True)
        assert review.context["preview"].confirm_label == "Import 2 accounts, 5 purchases, 3 milestones"
        assert [(line.account_code, line.debit, line.credit) for line in review.context["preview"].postings] == [
            ("1100", 4000, 0),
            ("2400", 0, 4000),
        ]
        job = confirmed(page, rehearsal)
        assert Purchase.objects.count() == 0
        perform(job.pk)
        text = page.get(job.get_absolute_url()).content.decode()
        assert "Imported: 2 accounts, 5 purchases, 3 milestones." in text and "What was posted" in text
        assert (Purchase.objects.count(), Milestone.objects.count()) == (5, 3)
        assert {lot.created_by for lot in Purchase.objects.all()} == {job.requested_by}
        signed = ChangeLogEntry.objects.filter(table="opportunities_account").values_list("actor", "action")
        assert set(signed) == {(job.requested_by_id, "Import data export")}

    def test_what_a_page_imports_and_what_a_worker_imports_is_the_same(self, page):
        perform(confirmed(page, brought(page)).pk)
        by_worker = trial_balance()
        assert import_export(by_object(export_of(**LINES)), actor=None).unchanged == 10
        assert trial_balance() == by_worker and by_worker["2400"]["USD"] == -4000

    def test_confirmed_twice_it_is_one_job_and_done_twice_one_import(self, page):
        review = page.get(brought(page).get_absolute_url(), follow=True)
        sent = {"token": uuid.uuid4(), "fingerprint": review.context["preview"].fingerprint}
        url = review.request["PATH_INFO"]
        answers = [page.post(url, sent), page.post(url, sent), page.post(url, sent | {"token": uuid.uuid4()})]
        job = Job.objects.get(kind=jobs.IMPORT)
        assert {answer.url for answer in answers} == {job.get_absolute_url()}
        for _ in range(2):
            perform(job.pk)
        assert (Job.objects.count(), Purchase.objects.count()) == (2, 5)

    def test_once_it_was_confirmed_every_way_leads_to_its_import(self, page):
        rehearsal = brought(page)
        job = confirmed(page, rehearsal)
        for state in ("waiting", "done"):
            led = page.get(rehearsal.get_absolute_url(), follow=True)
            assert (led.request["PATH_INFO"], led.context["job"].state) == (job.get_absolute_url(), state)
            perform(job.pk)

    def test_without_having_seen_what_was_found_nothing_is_asked_for(self, page):
        rehearsal = brought(page)
        url = page.get(rehearsal.get_absolute_url()).url
        stale = page.post(url, {"token": uuid.uuid4(), "fingerprint": "x"})
        assert stale.context["stale"] and Job.objects.count() == 1

    def test_what_changed_since_it_was_shown_is_refused(self, page):
        job = confirmed(page, brought(page))
        import_export(by_object(export_of(Account=LINES["Account"][:1])), actor=None)
        perform(job.pk)
        job.refresh_from_db()
        assert (job.state, Purchase.objects.count(), Account.objects.count()) == ("refused", 0, 1)
        assert job.refusal.startswith("Something changed since the export was looked at, so nothing is imported.")

    def test_every_refusal_is_listed_by_file_line_and_column_and_leads_back(self, page):
        bad = [LINES[PURCHASE][0].replace("10,100.00", "0,100.00"), *LINES[PURCHASE][1:]]
        job = brought(page, **{PURCHASE: bad})
        text = page.get(job.get_absolute_url()).content.decode()
        assert (job.state, job.result["problem_count"]) == ("refused", 1)
        cells = f'<td>{PURCHASE}.csv</td><td class="num">2</td><td>Number_of_Services_Credits__c</td>'
        assert cells in text and f'href="{IMPORT}">Back to Import from Certinia</a>' in text
        assert not Account.objects.exists()

    def test_the_review_waits_for_the_rehearsal_and_a_refused_one_cannot_be_confirmed(self, page):
        job = brought(page, Account=["A1,Harbour,XXX"])
        review = reverse("credits:certinia-import-review", args=[job.params["upload"]])
        for answer in (page.get(review), page.post(review, {"token": uuid.uuid4(), "fingerprint": "x"})):
            assert answer.url == job.get_absolute_url()

    def test_files_that_were_thrown_away_meanwhile_are_said(self, page):
        job = confirmed(page, brought(page))
        Upload.objects.all().delete()
        perform(job.pk)
        assert Job.objects.get(pk=job.pk).refusal.startswith("The files are not here any more")

    def test_what_somebody_can_wait_for_asks_for_no_job(self, page, monkeypatch):
        monkeypatch.setattr(jobs, "MOST_LINES", 100)
        files = [SimpleUploadedFile(name, content) for name, content in export_of(**LINES)]
        answer = page.post(IMPORT, {"export": files, "token": uuid.uuid4()})
        assert answer.url == reverse("credits:certinia-import-review", args=[Upload.objects.get().pk])
        assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_how_far_it_is_is_seen_while_nothing_of_it_is(monkeypatch, today):
    """A look from outside at the moment when the purchases are about to be written."""
    make_company()
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: None)
    upload = Upload.objects.create(
        user=make_user("importer", is_superuser=True),
        kind="certinia",
        file_name="x",
        content=packed(export_of(**LINES)),
    )
    job, seen = jobs.request_rehearsal(upload), []

    def look():
        seen.append((JobProgress.objects.values_list("step", "done", "total").get(), Account.objects.count()))
        connection.close()

    def written(*args, write=jobs.import_export, report, **kwargs):
        def told(step, done, total):
            report(step, done, total)
            if step == "Writing purchases":
                outside = threading.Thread(target=look)
                outside.start()
                outside.join()

        return write(*args, report=told, **kwargs)

    monkeypatch.setattr(jobs, "import_export", written)
    perform(job.pk)
    assert seen == [(("Writing purchases", 0, 5), 0)]
    assert (Job.objects.get().state, Account.objects.count()) == ("done", 0)


def test_lines_are_counted_without_reading_them():
    assert lines_in(by_object(export_of(**LINES))) == 2 + 5 + 3 + 3 + 3
    assert lines_in(by_object([("Account.csv", b"a\rb\rc")])) == 3
    assert lines_in(by_object(workbook())) == 36 + 40 + 320 + 220 + 4 + 2
    assert lines_in(by_object([("Account.xlsx", b"PK\x03\x04broken")])) == 0


@pytest.mark.django_db
def test_the_command_says_how_far_it_is_on_a_terminal_only(tmp_path, today, capsys, monkeypatch):
    from django.core.management import call_command
    from django.core.management.base import OutputWrapper

    for name, content in export_of(**LINES):
        (tmp_path / name).write_bytes(content)
    make_company()
    make_account()
    call_command("import_certinia", str(tmp_path))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(OutputWrapper, "isatty", lambda self: True)
    call_command("import_certinia", str(tmp_path), "--no-color")
    told = capsys.readouterr().err.split("\r\x1b[K")
    assert told[1:4] == ["Reading accounts", "Reading purchases", "Reading milestones"]
    assert "Checking purchases 0 of 5" in told and told[-1] == ""
