"""What purchases put on the pages of others: home, the account, the journal's links; and the lists of what was drawn."""

import csv
import datetime
import io

import pytest

from credits.models import CreditsSetup
from credits.services.allocate import adjust, allocate
from credits.services.expire import expire_purchase
from ledger.models import JournalEntry
from ledger.sources import source_of
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate, make_user
from tests.credits.desk import sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


@pytest.fixture
def company(company):
    make_rate("GBP", "1.2711")


def test_home_shows_what_expires_within_the_days_of_the_setup_and_what_was_paid_for_it(staff, account):
    CreditsSetup.objects.update(expiring_soon_days=10)
    soon = make_purchase(account, expires_on=days(10))
    pound = make_purchase(account, currency="GBP", amount_paid_per_credit="50", number_of_credits=3, expires_on=TODAY)
    make_purchase(account, expires_on=days(11))
    make_purchase(account, expires_on=days(-1))
    make_purchase(account, draft=True, expires_on=days(1))
    shown = text(staff.get("/"))
    assert "Credits expiring within 10 days" in shown
    assert "GBP 3 credits Paid for them GBP 150.00" in shown and "USD 10 credits Paid for them USD 800.00" in shown
    assert shown.index(pound.number) < shown.index(soon.number)
    assert "SCP-000003" not in shown and "SCP-000004" not in shown and "SCP-000005" not in shown


def test_home_without_anything_to_expire(staff, account):
    assert "No credits expire in the next 30 days." in text(staff.get("/"))


def test_the_account_shows_its_credits_per_currency_and_its_lots_by_expiry(staff, account):
    make_purchase(account, expires_on=days(60))
    make_purchase(account, expires_on=days(20))
    make_purchase(account, starts_on=days(1), expires_on=days(300))
    make_purchase(account, currency="GBP", amount_paid_per_credit="50", number_of_credits=3)
    make_purchase(make_account("Another"))
    make_purchase(account, draft=True)
    response = staff.get(account.get_absolute_url())
    figures = {figure.label: figure for figure in response.context["figures"]}
    assert "3 GBP" in figures["Available credits"].value and "20 USD" in figures["Available credits"].value
    assert "10 USD" in figures["Expiring in 30 days"].value and "GBP" not in figures["Expiring in 30 days"].value
    assert "2,400.00" in figures["Deferred revenue"].value and "150.00" in figures["Deferred revenue"].value
    assert "1 row" in text(staff.get(figures["Expiring in 30 days"].url))
    shown = text(response)
    assert shown.index("SCP-000002") < shown.index("SCP-000001") < shown.index("SCP-000003")
    assert "1 draft" in shown and "SCP-000005" not in shown
    primary = response.context["primary_action"]
    assert primary.label == "New purchase"
    assert account.number in staff.get(primary.url).content.decode()


def test_sections_are_for_those_who_may_see_purchases(client, account):
    make_purchase(account, expires_on=days(1))
    sign_in(client, "opportunities.view_account")
    response = client.get(account.get_absolute_url())
    assert "SCP-000001" not in text(response) and "SCP-000001" not in text(client.get("/"))
    assert "New purchase" not in text(response)


def test_lots_and_events_of_the_journal_lead_to_the_purchase(account):
    lot = make_purchase(account, expires_on=days(-1))
    expire_purchase(lot, actor=make_user())
    keys = [lot.lot, *JournalEntry.objects.values_list("event_key", flat=True)]
    assert len(keys) == 3
    assert {source_of(key) for key in keys} == {(f"Purchase {lot.number}", lot.get_absolute_url())}
    assert source_of("purchase:0") is None


@pytest.fixture
def drawn(account):
    """Three rows: four drawn, one given back, seven expired."""
    lot, actor = make_purchase(account, expires_on=TODAY), make_user()
    milestone = make_milestone(make_project(account), 4)
    allocate(milestone, actor=actor)
    adjust(milestone, total=3, actor=actor)
    expire_purchase(lot, actor=actor)
    return lot, milestone


def exported(client, path: str, **asked) -> list[dict]:
    response = client.get(path, asked | {"export": "csv"})
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_consumptions_by_type_purchase_milestone_and_allocation(staff, drawn):
    """Lists, consumptions: filters."""
    lot, milestone = drawn
    make_purchase(make_account("Another"), expires_on=days(-1))
    rows = exported(staff, "/credits/consumptions/")
    kinds = [(row["Type"], row["Credits"], row["Amount paid for credits"]) for row in rows]
    assert kinds == [
        ("Expiry", "7", "560.00"),
        ("Consumption Adjustment", "-1", "-80.00"),
        ("Consumption", "4", "320.00"),
    ]
    for row in rows:
        twins = ("Amount paid for credits", "Internal value per credit", "Amount paid per credit")
        assert all(row[name] == row[f"{name} number"] for name in twins)
        assert row["Internal value of credits number"] == f"{int(row['Credits']) * 100}.00"
    assert len(exported(staff, "/credits/consumptions/", consumption_type="adjustment")) == 1
    assert len(exported(staff, "/credits/consumptions/", milestone=milestone.number)) == 2
    assert len(exported(staff, "/credits/consumptions/", allocation=rows[0]["Allocation"])) == 1
    assert len(exported(staff, "/credits/consumptions/", purchase=lot.number)) == 3
    assert len(exported(staff, "/credits/consumptions/", account="another")) == 0


def test_totals_of_allocations_are_those_of_their_consumptions(staff, drawn):
    """Lists, allocations: totals."""
    response = staff.get("/credits/allocations/")
    (row,) = response.context["summary"]
    assert (row["code"], row["count"]) == ("USD", 2)
    assert [text_of(total) for _, total in row["totals"]] == ["10", "USD 1,000.00", "USD 800.00"]
    rows = exported(staff, "/credits/allocations/")
    assert [(each["Type"], each["Credits"], each["Amount paid for credits number"]) for each in rows] == [
        ("Expiry", "7", "560.00"), ("Allocation", "3", "240.00"),
    ]  # fmt: skip
    assert len(exported(staff, "/credits/allocations/", allocation_type="expiry")) == 1


def text_of(markup: str) -> str:
    return markup.split(">")[1].split("<")[0].replace("\xa0", " ")
