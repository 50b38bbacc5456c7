"""One box: by number or name, and only what the role may see."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from ledger.models import JournalEntry
from tests.builders import make_account, make_company, make_milestone, make_project, make_purchase, make_user
from tests.prepaid.selling import make_document, make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(client):
    make_company()
    account = make_account()
    purchase, project = make_purchase(account), make_project(account)
    return {"account": account, "purchase": purchase, "project": project, "milestone": make_milestone(project)}


def found(client, text: str, *permissions: str) -> dict[str, list[str]]:
    user = make_user("sam")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    groups = client.get(reverse("search"), {"q": text}).context["groups"]
    return {group.label: [hit.label for hit in group.hits] for group in groups}


EVERYTHING = (
    "view_account",
    "view_project",
    "view_purchase",
    "view_milestone",
    "view_journalentry",
    "view_opportunity",
)


def test_by_a_part_of_the_name(client, things):
    assert found(client, "bour log", *EVERYTHING) == {"Accounts": [str(things["account"])]}


@pytest.mark.parametrize(
    ("key", "label"), [("purchase", "Purchases"), ("project", "Projects"), ("milestone", "Milestones")]
)
def test_by_the_number_in_any_case(client, things, key, label):
    assert found(client, things[key].number.lower(), *EVERYTHING) == {label: [str(things[key])]}


def test_prepaid_services_and_sales_documents_by_what_they_are_known_by(client, things):
    service = make_service(things["account"])
    invoice = make_document(things["account"], external_reference="Order 4711", on=datetime.date(2026, 11, 2))
    views = ("view_prepaidservice", "view_salesdocument")
    for asked in (service.number.lower(), "support bud", "bour log", things["account"].number):
        assert found(client, asked, *views) == {"Prepaid services": [str(service)]}
    for asked in (invoice.number, "4711"):
        assert found(client, asked, *views) == {"Sales documents": [f"Invoice {invoice}"]}
    assert found(client, "4711") == {}


def test_a_journal_entry_by_its_number(client, things):
    entry = JournalEntry.objects.get()
    assert found(client, str(entry), *EVERYTHING)["Journal entries"] == [str(entry)]
    assert "Journal entries" not in found(client, "JE-99999999999999999999", *EVERYTHING)


def test_what_the_role_may_not_see_is_not_found(client, things):
    assert found(client, "Harbour") == {}
    assert found(client, "SCP", "view_account") == {}


def test_many_hits_lead_to_the_list(client, things):
    for number in range(11):
        make_account(f"Quay {number}")
    client.force_login(make_user("admin", is_superuser=True))
    group = client.get(reverse("search"), {"q": "quay"}).context["groups"][0]
    assert (len(group.hits), group.more_url) == (10, reverse("opportunities:account-list"))


@pytest.mark.parametrize("text", ["", " ", "\0", "%", "'; --", "x" * 5000])
def test_nonsense_finds_nothing(client, things, text):
    assert found(client, text, *EVERYTHING) == {}
