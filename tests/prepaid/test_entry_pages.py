"""Prepaid ledger entries as they are read: the list with its filters and export, one entry with what it used or was used
for, and the books that lead to them."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from ledger.models import JournalEntry
from ledger.sources import find, source_of
from prepaid.models import PrepaidEntry
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.expire import expire_residuals
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_user
from tests.credits.desk import text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_service, top_up, use

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def viewer(company):
    return signed_in("viewer")


@pytest.fixture
def story(account, finance):
    """Two receipts, a usage that takes from both, a part of it given back, and the rest of the first lapsed."""
    budget = make_service(account, actor=finance, valid_until_formula="1M")
    top_up(budget, "300.00", actor=finance)
    top_up(budget, "500.00", actor=finance)
    used = use(budget, "200.00", "150.00", actor=finance)
    post_document(create_credit_memo(used, reason="Not done", actor=finance), actor=finance)
    with time_machine.travel("2026-12-25T12:00:00Z", tick=False):
        expire_residuals([budget], actor=finance)
    other = make_service(make_account("Marlowe"), actor=finance)
    top_up(other, "70.00", on=datetime.date(2026, 11, 20), actor=finance)
    return budget


def listed(client, **asked) -> list[Decimal]:
    return [row.record.amount for row in client.get(reverse("prepaid:entry-list"), asked).context["table"].rows]


def test_the_list_narrows_sums_and_shows(viewer, story):
    back = [D("50.00"), D("300.00")]
    lapsed = [D("-50.00"), D("-300.00"), D("-450.00")]
    assert sorted(listed(viewer, service=story.number)) == sorted(
        [*lapsed, D("-350.00"), *back, D("300.00"), D("500.00")]
    )
    assert listed(viewer, service=story.number, left="yes") == []
    assert listed(viewer, left="yes") == listed(viewer, account="Marlowe") == [D("70.00")]
    assert sorted(listed(viewer, usage="yes")) == [D("-350.00"), *back]
    assert sorted(listed(viewer, entry_type="dissolution")) == sorted(lapsed)
    assert sorted(listed(viewer, document_type="credit_memo")) == back
    assert listed(viewer, posted_on_before="2026-11-23") == [D("70.00")]
    assert len(listed(viewer, valid_until_after="2026-12-24", valid_until_before="2026-12-24")) == 4
    assert listed(viewer, left="yes", deferred="yes", currency="USD") == [D("70.00")]
    page = viewer.get(reverse("prepaid:entry-list"))
    assert "USD 9 rows Amount USD 70.00 Remaining USD 70.00" in text(page)
    usage = JournalEntry.objects.get(event_key=PrepaidEntry.objects.get(entry_type="consumption").event_key)
    assert f"Invoice INV-000003 {usage}" in text(page)


def test_the_export_has_every_column(viewer, story):
    rows = text(viewer.get(reverse("prepaid:entry-list"), {"export": "csv", "entry_type": "positive", "usage": "yes"}))
    for named in (
        "Amount (LCY)",
        "Product posting group",
        "Remaining amount",
        "Expired amount",
        "Journal entry",
        "Who",
        "Why",
    ):
        assert named in rows
    assert "CM-000001" in rows and "PREPAID" in rows and "JE-" in rows and "Not done" in rows


def test_the_number_of_queries_is_that_of_one_row(viewer, story, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        viewer.get(reverse("prepaid:entry-list"))


def shown(client, entry) -> str:
    return text(client.get(entry.get_absolute_url()))


def test_an_outflow_shows_what_it_used_and_an_inflow_what_it_was_used_for(viewer, story):
    first = PrepaidEntry.objects.filter(service=story).earliest("pk")
    usage = PrepaidEntry.objects.get(entry_type="consumption")
    used = [
        f"{first} Positive Adjmt. 24 Nov 2026 24 Dec 2026 INV-000003 , line 1: Work 4010 Prepaid services revenue USD 200.00",
        f"{first} Positive Adjmt. 24 Nov 2026 24 Dec 2026 INV-000003 , line 2: Work 4010 Prepaid services revenue USD 100.00",
        "24 Dec 2026 INV-000003 , line 2: Work 4010 Prepaid services revenue USD 50.00",
    ]
    page = shown(viewer, usage)
    assert "What it used" in page and "Valid until" in page
    for row in used:
        assert row in page
    page = shown(viewer, first)
    assert f"{usage} Consumption 24 Nov 2026 INV-000003 , line 1: Work 4010 Prepaid services revenue USD 200.00" in page
    back = first.given_back.get()
    assert f"{first} {usage} {back} CM-000001 USD 200.00" in page
    assert f"Came back of {first}" in shown(viewer, back)
    assert "Remaining USD 0.00" in page and "Expired USD 0.00" in page
    assert "Expired USD 300.00" in shown(viewer, back)


def test_the_books_lead_to_entries_and_services(viewer, story):
    first = PrepaidEntry.objects.filter(service=story).earliest("pk")
    lapsed = PrepaidEntry.objects.filter(entry_type="dissolution").earliest("pk")
    assert source_of(first.lot) == (f"{first} of {story}", first.get_absolute_url())
    assert source_of(lapsed.event_key) == (f"{lapsed} of {story.number}", lapsed.get_absolute_url())
    assert source_of(first.event_key).label == "Invoice INV-000001"
    assert source_of("prepaid:999999") is None
    assert first.lot in find(story.number)
    entry = JournalEntry.objects.get(event_key=lapsed.event_key)
    assert lapsed.get_absolute_url() in viewer.get(reverse("ledger:entry", args=[entry.pk])).content.decode()


def test_each_journal_entry_leads_to_what_corrects_it(story):
    finance = signed_in("finance")

    def offered(entry_type: str) -> tuple[str, str, str]:
        made = PrepaidEntry.objects.filter(service=story, entry_type=entry_type).earliest("pk")
        page = finance.get(reverse("ledger:entry", args=[JournalEntry.objects.get(event_key=made.event_key).pk]))
        (action,) = page.context["menu_actions"]
        return action.label, action.url, action.disabled_reason

    credit = reverse("prepaid:document-credit", args=[PrepaidEntry.objects.get(entry_type="consumption").document_id])
    assert offered("consumption") == ("Credit memo", credit, "")
    label, _, why = offered("dissolution")
    assert (label, why.split(",")[0]) == ("Reverse", "Residuals that expired stay expired")


def test_the_admin_shows_them_and_changes_nothing(client, story):

    client.force_login(make_user("admin", is_staff=True, is_superuser=True))
    for model in ("prepaidservice", "prepaidentry", "inflowbalance", "application", "giveback", "salesdocument",
                  "delivery", "entryrequest", "dissolutionproposal", "statementmail", "prepaidsetup"):  # fmt: skip
        assert client.get(reverse(f"admin:prepaid_{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:prepaid_{model}_add")).status_code == 403
    entry, service = PrepaidEntry.objects.first(), story.pk
    for model, pk in (
        ("prepaidentry", entry.pk),
        ("prepaidservice", service),
        ("salesdocument", entry.document_id or 1),
    ):
        url = reverse(f"admin:prepaid_{model}_change", args=[pk])
        assert client.get(url).status_code == 200
        assert client.post(url, {"description": "Other"}).status_code == 403
