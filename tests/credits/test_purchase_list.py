"""The list of purchases: filters, totals per currency, export, and as many queries for a hundred rows as for one."""

import csv
import datetime
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.models import CreditsSetup
from credits.services.allocate import allocate
from credits.services.expire import expire_purchase
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate, make_user
from tests.credits.desk import text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
URL = "/credits/purchases/"
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def company(company):
    make_rate("KWD", "3.25")


def rows(response) -> list[dict]:
    exported = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(exported)))


def numbers(client, **asked) -> list[str]:
    return sorted(row["Number"] for row in rows(client.get(URL, asked | {"export": "csv"})))


@pytest.fixture
def lots(account):
    """One in each state, by state."""
    lots = {"draft": make_purchase(account, draft=True)}
    lots["exhausted"] = make_purchase(account, number_of_credits=4)
    allocate(make_milestone(make_project(account), 4), actor=make_user())
    lots["confirmed"] = make_purchase(account)
    lots["past"] = make_purchase(account, expires_on=TODAY - datetime.timedelta(days=1))
    lots["expired"] = make_purchase(account, expires_on=TODAY - datetime.timedelta(days=2))
    expire_purchase(lots["expired"], actor=make_user())
    return {state: lot.number for state, lot in lots.items()}


@pytest.mark.parametrize("state", ["draft", "past", "expired", "exhausted"])
def test_by_state(staff, lots, state):
    assert numbers(staff, state=state) == [lots[state]]


def test_confirmed_are_those_with_credits_left_past_expiry_or_not(staff, lots):
    assert numbers(staff, state="confirmed") == sorted([lots["confirmed"], lots["past"]])


def test_available_only_are_those_that_can_be_drawn_today(staff, lots):
    assert numbers(staff, available="yes") == [lots["confirmed"]]


def test_by_account_currency_dates_and_text(staff, account):
    lot = make_purchase(account, description="Pilot phase", expires_on=datetime.date(2026, 12, 1))
    other = make_purchase(make_account("Quay Foods"), currency="KWD", starts_on=datetime.date(2027, 1, 1))
    assert numbers(staff, account=account.number) == [lot.number]
    assert numbers(staff, account="quay") == [other.number]
    assert numbers(staff, currency="KWD") == [other.number]
    assert numbers(staff, search="pilot") == [lot.number]
    assert numbers(staff, expires_on_after="2026-12-01", expires_on_before="2026-12-01") == [lot.number]
    assert numbers(staff, starts_on_after="2027-01-01") == [other.number]
    assert numbers(staff, starts_on_after="2027-01-02") == []


def test_totals_per_currency_leave_drafts_out(staff, account):
    """Lists, purchases: totals per currency."""
    make_purchase(account)
    make_purchase(account, draft=True)
    make_purchase(account, currency="KWD", amount_paid_per_credit="1.125")
    shown = {row["code"]: {label: text_of(total) for label, total in row["totals"]} for row in summary(staff)}
    assert shown == {
        "KWD": {"Credits": "10", "Available": "10", "Deferred": "KWD 11.250", "Paid": "KWD 11.250"},
        "USD": {"Credits": "10", "Available": "10", "Deferred": "USD 800.00", "Paid": "USD 800.00"},
    }


def test_amber_begins_as_many_days_before_as_the_setup_says(staff, account):
    lot = make_purchase(account, expires_on=datetime.date(2027, 1, 13))  # in 50 days
    seen = []
    for days in (30, 60):
        CreditsSetup.objects.update_or_create(
            pk=1, defaults={"expiring_soon_days": days, "product_group_id": "CREDITS"}
        )
        pages = [staff.get(address).content.decode() for address in (URL, lot.get_absolute_url())]
        seen.append(['class="away soon"' in page for page in pages])
    assert seen == [[False, False], [True, True]]


def summary(client) -> list[dict]:
    return client.get(URL).context["summary"]


def text_of(markup: str) -> str:
    return markup.split(">")[1].split("<")[0].replace("\xa0", " ")


def test_export_has_the_amounts_and_their_number_twins_with_the_currencys_decimals(staff, account):
    """Purchase, number twins: in exports."""
    make_purchase(account, currency="KWD", value_per_credit="2", amount_paid_per_credit="1.125", description="=1+1")
    (row,) = rows(staff.get(URL, {"export": "csv"}))
    assert row["Value per credit"] == row["Value per credit number"] == "2.000"
    assert row["Amount paid per credit"] == row["Amount paid per credit number"] == "1.125"
    assert (row["Currency"], row["Available"], row["State"], row["Description"]) == ("KWD", "10", "Confirmed", "'=1+1")


def test_a_filter_that_cannot_be_read_shows_no_rows(staff, lots):
    response = staff.get(URL, {"expires_on_after": "2026-02-30"})
    assert response.status_code == 200
    assert "Correct the filter" in text(response)


@pytest.mark.parametrize("name", ["purchase-list", "consumption-list", "allocation-list"])
def test_as_many_queries_for_a_hundred_rows_as_for_one(staff, account, name):
    milestones = iter(make_milestone(make_project(account), 1) for _ in range(200))
    used, made = {}, 0
    for wanted in (1, 10, 100):
        for _ in range(wanted - made):
            make_purchase(account, number_of_credits=1)
            allocate(next(milestones), actor=make_user())
        made = wanted
        with CaptureQueriesContext(connection) as queries:
            response = staff.get(reverse(f"credits:{name}"))
        assert response.context["count"] == wanted
        used[wanted] = len(queries)
    assert len(set(used.values())) == 1 and used[1] <= 10, used
