"""One picture of what the customer still has: credits and prepaid services beside each other on the account page."""

import re
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.urls import reverse

from ledger.reports.journal import deferral_lines
from prepaid.services.manual import request_entry
from tests.builders import make_account, make_purchase, make_rate
from tests.credits.desk import sign_in, text
from tests.prepaid.contracting import D, agree, billed
from tests.prepaid.selling import make_service, top_up, use
from tests.prepaid.test_manual_entries import PERIODIC, QUANTITY, only

pytestmark = pytest.mark.django_db
SEEING = ("opportunities.view_account", "prepaid.view_prepaidservice", "prepaid.view_prepaidentry")


def figure(page, label: str):
    (found,) = [each for each in page.context["figures"] if each.label == label]
    return found


@pytest.fixture
def held(account, finance):
    """USD 1,234.56 to 24 December, GBP 250.00 without end, 7.5 hours."""
    make_rate("GBP", "1.2711")
    monthly = make_service(account, actor=finance, description="Monthly budget", valid_until_formula="1M")
    top_up(monthly, "2000.00", actor=finance)
    use(monthly, "765.44", actor=finance)
    top_up(make_service(account, actor=finance, description="Pounds"), "250.00", currency="GBP", actor=finance)
    hours = make_service(
        account, actor=finance, description="Hotline", accrual=PERIODIC, type=QUANTITY, unit_of_measure="HOUR"
    )
    request_entry(hours, only(quantity=Decimal("7.5")), actor=finance)
    make_service(account, actor=finance, description="Not topped up yet")
    return account


def test_credits_and_prepaid_services_stand_beside_each_other(client, held):
    make_purchase(held)
    sign_in(client, *SEEING, "credits.view_purchase")
    page = client.get(held.get_absolute_url())
    found = figure(page, "Prepaid outstanding")
    assert text_of(found.value) == "GBP 250.00 USD 1,234.56 7.5 HOUR"
    assert (found.note, found.tone) == ("next valid until 24 Dec 2026", "warn")
    assert found.url == f"{reverse('prepaid:service-list')}?account={held.number}"
    assert figure(page, "Available credits")
    shown = text(page)
    assert shown.index("Services credits") < shown.index("Monthly budget")
    order = [shown.index(name) for name in ("Monthly budget", "Pounds", "Hotline", "Not topped up yet")]
    assert order == sorted(order)
    assert "24 Dec 2026 in 30 days" in shown
    assert reverse("prepaid:account-statement", args=[held.pk]) in page.content.decode()
    assert "New prepaid service" not in shown and "New invoice" not in shown


def test_deferred_revenue_is_all_that_the_account_paid_ahead_for(client, held, finance):
    """Credits, budgets and contracts together, as the deferral accounts hold them for the customer."""
    make_purchase(held)
    commitment = agree(
        held, starts_on=D(2026, 11, 1), price="1200.00", quantity="1", base_period="1Y", rhythm="1Y", actor=finance
    )
    billed(D(2026, 11, 24), commitment, actor=finance)
    sign_in(client, *SEEING, "credits.view_purchase", "prepaid.view_contractdeferral", "ledger.view_journalentry")
    found = figure(client.get(held.get_absolute_url()), "Deferred revenue")
    assert text_of(found.value) == "GBP 250.00 USD 3,234.56"  # 800.00 of credits, 1,234.56 left, 1,200.00 by contract
    lines = deferral_lines().filter(party=held.party).order_by().values("currency")
    held_there = {row["currency"]: row["sum"] for row in lines.annotate(sum=Sum("credit") - Sum("debit"))}
    assert held_there == {"GBP": 250, "USD": Decimal("3234.56")}
    assert "USD" in text(client.get(found.url))


def test_what_can_be_begun_is_for_this_account(client, held):
    sign_in(client, *SEEING, "prepaid.manage_services", "prepaid.write_documents")
    urls = {each.label: each.url for each in client.get(held.get_absolute_url()).context["menu_actions"]}
    assert urls["New prepaid service"] == f"{reverse('prepaid:service-create')}?account={held.number}"
    for label, kind in (("New quote", "quote"), ("New order", "order"), ("New invoice", "invoice")):
        assert urls[label] == f"{reverse('prepaid:document-create', args=[kind])}?account={held.number}"
    assert client.get(urls["New prepaid service"]).context["form"]["account"].value() is not None


def test_an_account_without_any_says_what_it_is_for(client, company):
    account = make_account("Quay & Co")
    sign_in(client, *SEEING)
    page = client.get(account.get_absolute_url())
    assert str(figure(page, "Prepaid outstanding").value) == "–"
    assert "No open prepaid service. Quay & Co can pay ahead" in text(page)


def test_without_the_permission_nothing_of_it_is_shown(client, held):
    sign_in(client, "opportunities.view_account")
    page = client.get(held.get_absolute_url())
    assert "prepaid" not in text(page).lower()


def test_the_number_of_queries_does_not_grow_with_the_services(client, held, finance, django_assert_max_num_queries):
    sign_in(client, *SEEING)
    client.get(held.get_absolute_url())
    with django_assert_max_num_queries(60) as few:
        client.get(held.get_absolute_url())
    before = len(few)
    for _ in range(4):
        request_entry(make_service(held, actor=finance), only(amount="1.00"), actor=finance)
    with django_assert_max_num_queries(before):
        client.get(held.get_absolute_url())


def text_of(markup) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", str(markup)).replace("\xa0", " ").split())
