"""The statement as it is read: on the screen, as CSV, as XLSX and as PDF, all with the same figures and dates."""

import csv
import datetime
import io

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from config.night import run_nights
from credits.services.allocate import adjust, allocate
from pages.pdf import document
from tests.builders import make_milestone, make_project, make_purchase
from tests.credits.desk import VIEWS, sign_in, text
from tests.recorded import recorded_on

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
D = datetime.date


@pytest.fixture
def moved(account, project, sam):
    """A lot of 10: 4 are allocated, 1 is given back, and what is left lapses on the day after 20 November."""
    with recorded_on(D(2026, 11, 2)):
        lot = make_purchase(account, expires_on=D(2026, 11, 20))
    milestone = make_milestone(project, 4)
    with recorded_on(D(2026, 11, 5)):
        allocate(milestone, actor=sam)
    with recorded_on(D(2026, 11, 9)):
        adjust(milestone, total=3, actor=sam)
    with recorded_on(D(2026, 11, 24)):
        list(run_nights())
    return lot, milestone


@pytest.fixture
def viewer(client):
    sign_in(client, *VIEWS, "opportunities.view_account")
    return client


def page(account, **asked) -> str:
    return f"/credits/accounts/{account.pk}/statement/?" + "&".join(f"{name}={value}" for name, value in asked.items())


def exported(client, url: str) -> list[dict]:
    content = b"".join(client.get(f"{url}&export=csv").streaming_content).decode()
    return list(csv.DictReader(io.StringIO(content)))


def test_page_csv_xlsx_and_pdf_say_the_same_last_usable_day(viewer, account, project, sam, monkeypatch):
    """Page and e-mail disagreed about the last day elsewhere (wpsharks/s2member#612, bugs-to-tests row 4)."""
    make_purchase(account, expires_on=D(2026, 12, 31))
    allocate(make_milestone(project, 4), actor=sam)
    shown = text(viewer.get(page(account)))
    assert shown.count("31 Dec 2026") == 3 and "30 Dec" not in shown and "1 Jan 2027" not in shown
    rows = exported(viewer, page(account))
    assert {row["Expires"] for row in rows if row["Purchase"]} == {"2026-12-31"}
    sheet = load_workbook(io.BytesIO(b"".join(viewer.get(page(account, export="xlsx")).streaming_content))).active
    (expires,) = {row[6].value for row in sheet.iter_rows(min_row=2) if row[5].value}
    assert expires.date() == D(2026, 12, 31)
    read = as_read(viewer, account, monkeypatch)
    assert read.count("31 Dec 2026") == 3 and "30 Dec" not in read and "1 Jan 2027" not in read


def as_read(client, account, monkeypatch) -> str:
    """What stands in the PDF that the page gives, in order."""
    given = []
    monkeypatch.setattr("ledger.views.reports.as_pdf", lambda *asked: given.append(asked) or HttpResponse())
    client.get(page(account, export="pdf"))
    ((template, data, _),) = given
    return document(template, data, form="html").decode()


def test_the_file_has_opening_movements_closing_and_the_open_lots(viewer, account, moved):
    make_purchase(account, number_of_credits=3)
    rows = exported(viewer, page(account, first="2026-11-06"))
    assert [(row["What"], row["Credits in"], row["Credits out"], row["Balance"]) for row in rows] == [
        ("Opening balance", "", "", "9"),
        ("Consumption Adjustment", "1", "", "10"),
        ("Expiry", "", "7", "3"),
        ("Closing balance", "1", "7", "3"),
        ("Available", "", "", "3"),
    ]
    assert rows[1]["Milestone"] == str(moved[1]) and rows[1]["Purchase"] == moved[0].number


def test_the_page_gives_a_pdf_named_after_the_account(viewer, account, moved):
    response = viewer.get(page(account, export="pdf"))
    assert response["Content-Type"] == "application/pdf" and response.content.startswith(b"%PDF")
    assert response["Content-Disposition"].startswith(f'attachment; filename="services-credits-{account.number}-')


def test_days_in_the_wrong_order_get_a_sentence_and_no_figures(viewer, account, moved):
    shown = text(viewer.get(page(account, first="2026-12-01")))
    assert "24 Nov 2026 is before 1 Dec 2026." in shown and "Opening balance" not in shown


def test_the_page_of_an_account_without_credits_says_how_it_begins(viewer, account):
    assert "The statement begins with the first confirmed purchase." in text(viewer.get(page(account)))


def test_the_number_of_queries_does_not_grow_with_the_rows(viewer, account, moved, sam, django_assert_num_queries):
    with CaptureQueriesContext(connection) as few:
        viewer.get(page(account))
    for _ in range(4):
        make_purchase(account)
        allocate(make_milestone(make_project(account), 3), actor=sam)
    with django_assert_num_queries(len(few)):
        viewer.get(page(account))
