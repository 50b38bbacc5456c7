"""A data export in the browser: brought, looked at, imported; taken along again; what it claims on the milestone's page."""

import io
import re
import uuid
import zipfile

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from credits.certinia.files import by_object
from credits.certinia.importing import import_export
from credits.models import Milestone, Purchase
from credits.services.allocate import allocate
from ledger.models import JournalEntry
from opportunities.models import Account
from pages.models import Upload
from tests.builders import make_company
from tests.credits.certinia.conftest import MILESTONE, PURCHASE, export_of
from tests.credits.desk import sign_in

pytestmark = pytest.mark.django_db
IMPORT, EXPORT = reverse("credits:certinia-import"), reverse("credits:certinia-export")
LINES = {
    "Account": ["A1,Harbour,USD", "A2,Northwind,EUR"],
    PURCHASE: ["SCP-000001,A1,USD,2026-01-05,2026-01-05,2027-01-04,10,100.00,80.00,false,"],
    MILESTONE: ["MS-000001,Design,A1,Programme,USD,4,2026-03-01,Approved,2026-02-28"],
}


@pytest.fixture
def page(client, db, today):
    make_company()
    names = ("credits.import_certinia", "credits.view_purchase", "credits.view_milestone", "credits.allocate_credits",
             "opportunities.view_account", "ledger.view_exchangerate", "ledger.view_journalentry")  # fmt: skip
    sign_in(client, *names)
    return client


def brought(page, *files, **lines):
    """Brings the files; gives the page of what they would do."""
    files = files or export_of(**(LINES | lines))
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    return page.post(IMPORT, {"export": sent, "token": uuid.uuid4()}, follow=True)


def confirmed(page, review):
    sent = {"token": uuid.uuid4(), "fingerprint": review.context["preview"].fingerprint}
    return page.post(review.request["PATH_INFO"], sent, follow=True)


def test_several_files_are_brought_at_once_looked_at_and_imported(page):
    review = brought(page)
    preview = review.context["preview"]
    assert [(each.label, each.after, each.note) for each in preview.changes] == [
        ("Accounts", "2 new", ""),
        ("A1", "new", "Harbour, USD (line 2)"),
        ("A2", "new", "Northwind, EUR (line 3)"),
        ("Purchases", "1 new", ""),
        ("SCP-000001", "new", "A1: 10 credits, USD (line 2)"),
        ("Milestones", "1 new", ""),
        ("MS-000001", "new", "A1, Programme: 4 credits (line 2)"),
    ]
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("1100", 800, 0),
        ("2400", 0, 800),
    ]
    assert preview.confirm_label == "Import 2 accounts, 1 purchase, 1 milestone"
    assert (Account.objects.count(), JournalEntry.objects.count()) == (0, 0)
    done = confirmed(page, review)
    assert [str(each) for each in get_messages(done.wsgi_request)] == ["Imported: 2 accounts, 1 purchase, 1 milestone."]
    assert Purchase.objects.get().created_by.username == done.wsgi_request.user.username


def test_sent_twice_it_is_imported_once_and_again_it_changes_nothing(page):
    review = brought(page)
    sent = {"token": uuid.uuid4(), "fingerprint": review.context["preview"].fingerprint}
    for _ in range(2):
        page.post(review.request["PATH_INFO"], sent)
    assert Purchase.objects.count() == 1
    again = brought(page).context["preview"]
    assert (again.confirm_label, [each.after for each in again.changes]) == ("Finish without a change", ["0 new"] * 3)


def test_every_refusal_is_listed_by_file_line_and_column_and_nothing_can_be_confirmed(page):
    review = brought(page, **{PURCHASE: [LINES[PURCHASE][0].replace("10,100.00", "0,100.00").replace("80.00", "-1")]})
    text = review.content.decode()
    assert [problem.column for problem in review.context["refused"].problems] == [
        "Number_of_Services_Credits__c",
        "Amount_Paid_per_Credit__c",
    ]
    assert f"<td>{PURCHASE}.csv</td>" in text and "fingerprint" not in text


def test_what_was_shown_is_what_is_imported(page):
    review = brought(page)
    import_export(by_object(export_of(Account=LINES["Account"])), actor=None)
    stale = confirmed(page, review)
    assert stale.context["stale"] and not Purchase.objects.exists()


def test_files_that_hold_nothing_known_or_are_too_large_are_refused_at_the_field(page, settings):
    assert "There is nothing to import" in brought(page, ("notes.csv", b"x")).content.decode()
    settings.UPLOAD_MAX_BYTES = 10
    assert "Together they have" in brought(page).content.decode()
    assert not Upload.objects.exists()


def test_another_person_cannot_open_the_files(page, client):
    review = brought(page)
    sign_in(client, "credits.import_certinia", name="mallory")
    assert client.get(review.request["PATH_INFO"]).status_code == 404


def test_the_export_is_an_archive_that_an_import_finds_unchanged(page):
    confirmed(page, brought(page))
    answer = page.get(EXPORT)
    content = b"".join(answer.streaming_content)
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == [
        "exchange-rates.csv", "Account.csv", f"{PURCHASE}.csv", f"{MILESTONE}.csv",
    ]  # fmt: skip
    review = brought(page, ("export.zip", content))
    assert review.context["preview"].confirm_label == "Finish without a change"


def test_a_claimed_date_is_said_on_the_milestone_and_proposed_for_its_completion(page):
    confirmed(page, brought(page))
    milestone = Milestone.objects.get()
    told = text_of(page, milestone)
    assert "Completed on 28 Feb 2026 according to the import." in told and "Allocate its credits first" in told
    allocate(milestone, actor=None)
    assert "Complete it with that date" in text_of(page, milestone)
    form = page.get(reverse("credits:milestone-complete", args=[milestone.pk]))
    assert 'value="2026-02-28"' in form.content.decode()
    sent = {"actual_on": "2026-02-28", "token": uuid.uuid4(), "fingerprint": form.context["preview"].fingerprint}
    page.post(form.request["PATH_INFO"], sent)
    milestone.refresh_from_db()
    assert (str(milestone.actual_on), milestone.claimed_on) == ("2026-02-28", None)


def text_of(page, record):
    return re.sub(r"<[^>]+>", "", page.get(record.get_absolute_url()).content.decode())
