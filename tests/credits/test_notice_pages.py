"""Notices in the browser: home, account, list with export, mails; as many queries for many rows as for one."""

import csv
import datetime
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.models import CreditsSetup, Notice, NoticeMail
from credits.services.dates import change_dates
from credits.services.notice_mail import send_what_is_new
from credits.services.notices import tell
from tests.builders import make_account, make_milestone, make_project, make_purchase
from tests.credits.desk import STAFF, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
URL, MAILS = "/credits/notices/", "/credits/notices/mails/"


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


def tell_all() -> None:
    tell(0, 2**63 - 1, on=TODAY)


def rows(client, **asked) -> list[dict]:
    exported = b"".join(client.get(URL, asked | {"export": "csv"}).streaming_content).decode()
    return list(csv.DictReader(io.StringIO(exported)))


def notices(client, **asked) -> list[str]:
    return [row["Notice"] for row in rows(client, **asked)]


@pytest.fixture
def desk(client, account):
    sign_in(client, *STAFF, "credits.view_notice", "credits.view_noticemail")
    return client


@pytest.fixture
def told(account, sam):
    """One of each kind, and one that is settled; by kind."""
    CreditsSetup.objects.update(low_balance_credits=40)
    settled = make_purchase(account, expires_on=days(80))
    lot = make_purchase(account, expires_on=days(20))
    tell_all()
    change_dates(settled, starts_on=settled.starts_on, expires_on=days(300), reason="Renewed", actor=sam)
    milestone = make_milestone(make_project(account), 24, target_on=days(5))
    tell_all()
    return {"expiring": lot.number, "low_balance": "USD balance", "short": str(milestone), "settled": settled.number}


def test_home_shows_what_is_open_the_most_urgent_first_and_the_way_to_all(desk, told):
    shown = text(desk.get("/"))
    order = [shown.index(told[kind]) for kind in ("short", "expiring", "low_balance")]
    assert order == sorted(order) and told["settled"] not in shown
    assert "10 USD credits left, within 30 days of expiry" in shown and "14 Dec 2026" in shown
    assert "20 USD credits available, fewer than 40" in shown and "4 USD credits missing of 24" in shown


def test_home_is_bounded_and_leads_to_the_rest(desk, account):
    for count in range(12):
        make_purchase(account, expires_on=days(count))
    tell_all()
    response = desk.get("/")
    assert "All 12 open notices" in text(response)
    assert f"{URL}?state=open" in response.content.decode()


def test_home_without_notices_has_no_section(desk):
    assert "Notices" not in desk.get("/").content.decode().partition("<h1>")[2]


def test_the_account_shows_its_own_and_not_those_of_others(desk, account, told):
    other = make_account("Quay Foods")
    lot = make_purchase(other, expires_on=days(3))
    tell_all()
    assert lot.number not in text(desk.get(account.get_absolute_url()))
    shown = desk.get(other.get_absolute_url()).content.decode()
    assert "within 30 days of expiry" in shown and f"{URL}?account={other.number}&amp;state=open" in shown


def test_whoever_may_not_see_notices_sees_none(client, account, told):
    sign_in(client, *STAFF, name="stranger")
    for page in ("/", account.get_absolute_url()):
        assert "fewer than" not in text(client.get(page))


def test_the_list_by_kind_state_account_day_and_text(desk, account, told):
    other = make_purchase(make_account("Quay Foods"), expires_on=days(300))
    assert notices(desk, state="settled") == [told["settled"]]
    assert set(notices(desk, state="open")) == {told["short"], told["expiring"], told["low_balance"]}
    for kind in Notice.Kind:
        assert notices(desk, kind=kind, state="open") == [told[kind]]
    assert len(notices(desk, account=account.number)) == 4 and notices(desk, account=other.account.number) == []
    assert notices(desk, due_on_after=days(20), due_on_before=days(20)) == [told["expiring"]]
    assert notices(desk, raised_on_before=days(-1)) == []
    assert notices(desk, search=told["expiring"].lower()) == [told["expiring"]]


@pytest.mark.parametrize("asked", ["mail=x", "kind=x", "raised_on_after=x", "state=x", f"mail={10**30}", "account=%00"])
def test_what_cannot_be_asked_gets_an_answer(desk, told, asked):
    assert desk.get(f"{URL}?{asked}").status_code == 200


def test_the_export_has_what_the_columns_say_as_numbers_and_dates(desk, account, told):
    (row,) = rows(desk, kind="expiring", state="open")
    assert row["Account number"] == account.number and row["Purchase"] == told["expiring"] and row["Milestone"] == ""
    figures = [row[name] for name in ("Credits", "Threshold", "Date", "Told on", "State", "Settled on", "Mailed")]
    assert figures == ["10", "30", "2026-12-14", "2026-11-24", "Open", "", ""]
    (row,) = rows(desk, state="settled")
    assert (row["State"], row["Settled on"]) == ("Settled", "2026-11-24")


def test_the_mail_is_kept_with_its_recipients_text_and_notices(desk, told):
    CreditsSetup.objects.update(notice_recipients=["desk@example.com"])
    assert "nobody" not in text(desk.get(MAILS)) and "desk@example.com" in text(desk.get(MAILS))
    send_what_is_new()
    sent = NoticeMail.objects.get()
    page = desk.get(sent.get_absolute_url())
    assert "desk@example.com" in text(page) and "Sent" in text(page) and told["short"] in text(page)
    assert page.context["figures"][0].url == f"{URL}?mail={sent.pk}"
    assert len(notices(desk, mail=sent.pk)) == 3
    assert sent.subject in text(desk.get(MAILS))
    assert len(list(desk.get(f"{MAILS}?export=csv&sent=yes").streaming_content)) == 2
    assert rows(desk, kind="short")[0]["Mailed"].startswith("2026-11-24 12:00")


def test_the_pages_say_what_they_are_for_while_they_are_empty(desk):
    assert "Nothing was to be told yet" in text(desk.get(URL))
    assert "nobody" in text(desk.get(MAILS)) and "After a night with something new" in text(desk.get(MAILS))


def test_the_queries_do_not_grow_with_the_rows(desk, account):
    def counts() -> list[int]:
        found = []
        for page in ("/", URL, MAILS, account.get_absolute_url()):
            with CaptureQueriesContext(connection) as captured:
                desk.get(page)
            found.append(len(captured))
        return found

    CreditsSetup.objects.update(notice_recipients=["desk@example.com"])
    project = make_project(account)

    def more(count: int) -> None:
        make_purchase(account, expires_on=days(count))
        make_milestone(project, 500, target_on=days(count))
        make_purchase(make_account(), expires_on=days(count))
        tell_all()
        send_what_is_new()

    more(1)
    counts()  # what is asked once and kept
    few = counts()
    for count in range(2, 5):  # fewer than the bound of the home page, above which the rows are counted
        more(count)
    many = counts()
    assert (many[1:3], many[3] - few[3] <= 0) == (few[1:3], True)
    assert many[0] - few[0] <= 1
