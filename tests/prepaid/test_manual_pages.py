"""Create Ledger Entry, its requests and their approval in the browser."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from ledger.models import JournalEntry
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService
from prepaid.services.manual import request_entry
from tests.builders import trial_balance
from tests.credits.desk import Page, errors, sign_in, text
from tests.prepaid.selling import TODAY, make_service, top_up
from tests.prepaid.test_manual_entries import MINUS, PERIODIC, PLUS, QUANTITY, terms

pytestmark = pytest.mark.django_db
SEEING = ("prepaid.view_prepaidservice", "prepaid.view_entryrequest", "prepaid.view_prepaidentry",
          "ledger.view_journalentry")  # fmt: skip


@pytest.fixture
def staff(client, company):
    sign_in(client, *SEEING, "prepaid.create_entries", name="finance")
    return client


@pytest.fixture
def boss(company):
    client = Client()
    sign_in(client, *SEEING, "prepaid.approve_entries", name="boss")
    return client


def url(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def posted(preview) -> list[tuple]:
    return [(line.account_code, line.debit, line.credit) for line in preview.postings]


def create(client: Client, service: PrepaidService, **typed) -> Page:
    said = {"amount": "150", "product_group": "PREPAID", "balancing_account": "4095", "reason": "Goodwill"} | typed
    return Page(client, url("entry-create", service)).fill(**said)


def test_the_preview_is_what_is_posted(staff, service):
    service.valid_until_formula = "1M"
    service.save()
    page = create(staff, service)
    preview = page.preview()
    assert posted(preview) == [("4095", 150, 0), ("2410", 0, 150)]
    assert [(row.after, row.note) for row in preview.changes][1] == (
        "USD\xa0150.00", "valid until 24 Dec 2026, on 24 Nov 2026",
    )  # fmt: skip
    assert (preview.confirm_label, PrepaidEntry.objects.count()) == ("Post USD\xa0150.00", 0)
    done = page.confirm()
    assert done.url == service.get_absolute_url()
    assert trial_balance() == {"4095": {"USD": 150, "LCY": 150}, "2410": {"USD": -150, "LCY": -150}}
    receipt = text(staff.get(done.url))
    assert "The entry is posted" in receipt and "Ledger entry PE-" in receipt
    again = page.client.post(page.url, page.data | {"fingerprint": preview.fingerprint})
    assert (again.url, PrepaidEntry.objects.count()) == (done.url, 1)


def test_a_minus_tells_each_inflow_before_and_after(staff, service, finance):
    top_up(service, "100.00", actor=finance)
    preview = create(staff, service, entry_type="negative", amount="40", product_group=None).preview()
    assert posted(preview) == [("2410", 40, 0), ("4095", 0, 40)]
    assert [(row.before, row.after) for row in preview.changes] == [
        ("USD\xa0100.00 outstanding", "USD\xa060.00 outstanding"),
        ("USD\xa0100.00 left", "USD\xa060.00 left"),
    ]


def test_what_is_refused_stands_at_its_field_and_writes_nothing(staff, service):
    for field, typed, said in [
        ("amount", {"amount": "0"}, "above zero"),
        ("amount", {"amount": "1.001"}, "more decimals"),
        ("amount", {"entry_type": "negative"}, "USD\xa00.00 left"),
        ("amount", {"amount": ""}, "required"),
        ("posted_on", {"posted_on": "2026-11-25"}, "has not come"),
        ("valid_until", {"valid_until": "2026-11-23"}, "before the posting date"),
        ("product_group", {"product_group": None}, "product posting group"),
        ("balancing_account", {"balancing_account": None}, "balancing account"),
        ("balancing_account", {"balancing_account": "2410"}, "valid choice"),
        ("balancing_account", {"quantity_only": "on"}, "quantity-only"),
        ("reason", {"reason": " "}, "required"),
    ]:
        refused = create(staff, service, **typed).confirm()
        assert said in errors(refused)[field][0], (field, errors(refused))
    assert (EntryRequest.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_a_form_asks_only_for_what_the_service_can_take(staff, account, finance):
    hours = make_service(account, actor=finance, accrual=PERIODIC, type=QUANTITY, unit_of_measure="HOUR")
    page = Page(staff, url("entry-create", hours))
    assert list(page.shown.context["form"].fields) == [
        "entry_type", "posted_on", "quantity", "valid_until", "document_no", "reason",
    ]  # fmt: skip
    preview = page.fill(quantity="7.5", reason="Carried over").preview()
    assert (posted(preview), preview.confirm_label) == ([], "Post 7.5\xa0HOUR")
    assert [row.reason for row in preview.left_out] == ["nothing is posted: no money stands behind it"]
    page.confirm()
    assert PrepaidEntry.objects.get().quantity == Decimal("7.5")


def test_a_day_outside_the_term_is_warned_of_and_posted(staff, account, finance):
    ended = make_service(account, actor=finance, ends_on=TODAY.replace(day=1))
    page = create(staff, ended)
    assert "outside the term" in page.preview().warnings[0]
    assert page.confirm().status_code == 302


def test_above_the_threshold_it_waits_and_shows_what_its_approval_would_post(staff, boss, service):
    page = create(staff, service, amount="1000.01")
    preview = page.preview()
    assert "somebody else approves it" in preview.posted_later
    assert posted(preview) == [("4095", Decimal("1000.01"), 0), ("2410", 0, Decimal("1000.01"))]
    assert preview.changes[0].after == "waiting for approval"
    done = page.confirm()
    request = EntryRequest.objects.get()
    assert (done.url, request.state, trial_balance()) == (request.get_absolute_url(), "requested", {})
    shown = text(boss.get("/"))
    assert "1 prepaid entry waits for your approval" in shown and "Goodwill" in shown
    assert "for your approval" not in text(staff.get("/"))
    assert "USD 1,000.01 Goodwill finance" in text(boss.get(reverse("prepaid:entry-request-list")))
    approve = Page(boss, url("entry-request-approve", request))
    assert approve.preview().confirm_label == "Approve, post USD\xa01,000.01"
    assert approve.confirm().url == request.get_absolute_url()
    assert trial_balance()["2410"]["USD"] == Decimal("-1000.01")
    page = text(boss.get(request.get_absolute_url()))
    assert "Posted" in page and str(PrepaidEntry.objects.get()) in page and str(JournalEntry.objects.get()) in page
    assert "for your approval" not in text(boss.get("/"))


def test_nobody_approves_what_they_asked_for_and_each_is_decided_once(staff, boss, service, finance):
    request = request_entry(service, terms(PLUS, "2000"), actor=finance)
    sign_in(staff, "prepaid.approve_entries", name="finance")
    shown = staff.get(url("entry-request-approve", request))
    assert "you asked for it yourself" in text(shown)
    actions = {each.label: each for each in staff.get(request.get_absolute_url()).context["menu_actions"]}
    assert "Withdraw it instead" in actions["Decline"].disabled_reason
    assert Page(boss, url("entry-request-decline", request)).fill(note="Not agreed").confirm().status_code == 302
    assert "Not agreed" in text(boss.get(request.get_absolute_url()))
    assert "decided already" in text(boss.get(url("entry-request-approve", request)))
    other = request_entry(service, terms(PLUS, "2000"), actor=finance)
    assert Page(staff, url("entry-request-withdraw", other)).confirm().status_code == 302
    assert {each.state for each in EntryRequest.objects.all()} == {"declined", "withdrawn"}
    assert trial_balance() == {}


def test_what_changed_in_between_is_shown_before_anything_is_posted(boss, service, finance):
    top_up(service, "2000.00", actor=finance)
    request = request_entry(service, terms(MINUS, "1500"), actor=finance)
    page = Page(boss, url("entry-request-approve", request))
    seen = page.preview().fingerprint
    request_entry(service, terms(MINUS, "100"), actor=finance)
    stale = boss.post(page.url, page.data | {"fingerprint": seen})
    assert (stale.context["stale"], EntryRequest.objects.get(pk=request.pk).state) == (True, "requested")
