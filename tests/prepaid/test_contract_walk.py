"""A contract in the browser, as its users do it: offered as a package, sold, delivered, collected, billed and posted,
released, and credited."""

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from ledger.tie_outs import check_books
from opportunities.models import CommitmentOption
from prepaid.models import CustomerContract, DeferralLine, PrepaidService, PrepaidSetup
from tests import builders
from tests.browsing import browser, needs_chromium, person  # noqa: F401  (fixtures)
from tests.prepaid import selling
from tests.prepaid.contracting import make_hours

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]
PASSWORD = "correct horse battery"


@pytest.fixture
def service(transactional_db, django_user_model):
    """Hours of a customer, and an item that tops them up; parts are due on the first day, so that one is due today."""
    user = django_user_model.objects.create_user("finance", password=PASSWORD, first_name="Finance")
    user.groups.add(Group.objects.get(name="finance"))
    selling.make_company()
    PrepaidSetup.objects.update(release_day="first")
    option = {"commitment_option": CommitmentOption.COMMITMENT_ITEM}
    selling.make_product("PLAN", prepaid=True, group="CONTRACTS", price="1200", **option)
    return make_hours(builders.make_account())


def test_from_the_package_to_the_credit_memo(browser, live_server, service):  # noqa: F811
    with person(browser, live_server.url, "finance", PASSWORD) as page:
        offer(page)
        sell(page, service)
        contract = collect(page, service)
        bill(page, contract)
        assert standing(page) == {"1100": "1,200.00", "2420": "−1,200.00"}
        page.goto(contract.get_absolute_url())
        follow(page, "Release deferrals")
        page.get_by_role("button", name="Release 1 part, post USD").click()
        page.get_by_label("Receipt").get_by_text("What was posted").wait_for()
        released = DeferralLine.objects.released().get().amount
        assert standing(page)["4020"] == f"−{released:.2f}"
        credit(page)
        assert standing(page) == {"1100": f"{released:.2f}", "2420": "–", "4020": f"−{released:.2f}"}
        page.goto(reverse("prepaid:contract-year", args=[contract.pk]))
        figures = dict(text.splitlines()[:2] for text in page.locator(".figure").all_inner_texts())
        assert figures["Still deferred"].replace("\xa0", " ") == "USD 0.00"
        assert figures["Released"].replace("\xa0", " ") == f"USD {released:.2f}"
    assert not DeferralLine.objects.open().exists()
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def offer(page) -> None:
    """A package with a line, assigned to the product."""
    page.goto(reverse("prepaid:package-list"))
    page.get_by_role("link", name="New package").first.click()
    page.get_by_label("Code").fill("YEARLY")
    page.get_by_label("Description").fill("Support plan")
    page.get_by_role("button", name="Create package").click()
    page.get_by_role("link", name="Add line").first.click()
    page.get_by_label("Description").fill("Support plan")
    for label in ("Billing base period", "Billing rhythm"):
        page.get_by_label(label).fill("1Y")
    page.get_by_role("button", name="Add line").click()
    page.goto(reverse("opportunities:product-list"))
    page.get_by_role("link", name="PLAN").first.click()
    page.get_by_role("link", name="Assign package").first.click()
    page.locator("#id_package").select_option("YEARLY")
    page.get_by_role("button", name="Assign package").click()
    page.get_by_text("YEARLY").first.wait_for()


def sell(page, service: PrepaidService) -> None:
    """An order of the item, which takes the package along, and its delivery."""
    page.goto(f"{reverse('prepaid:document-create', args=['order'])}?account={service.account.number}")
    page.get_by_role("button", name="Create order").click()
    page.get_by_role("link", name="Add line").first.click()
    with answered(page):
        page.locator("#id_product").select_option(label="PLAN Plan")
    with answered(page):
        page.get_by_label("Prepaid service", exact=True).select_option(str(service.pk))
    page.get_by_role("button", name="Add line").click()
    page.get_by_role("link", name="Deliver", exact=True).click()
    page.get_by_role("button", name="Deliver 1 line").click()
    page.get_by_role("heading", level=1).get_by_text("DN-").wait_for()


def answered(page):
    """Until the page has said what the line comes to: what is sent meanwhile would break off the question."""
    return page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/lines/new/"))


def collect(page, service: PrepaidService) -> CustomerContract:
    """The commitment that the delivery made, in a contract."""
    page.goto(f"{reverse('prepaid:contract-new')}?account={service.account.number}")
    page.get_by_role("button", name="Create customer contract").click()
    page.get_by_role("link", name="Assign commitments").first.click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Assign 1 commitment").click()
    page.get_by_role("table").get_by_text("Support plan").first.wait_for()
    return CustomerContract.objects.get()


def bill(page, contract: CustomerContract) -> None:
    """Looked at, billed, and posted at once."""
    page.goto(contract.get_absolute_url())
    follow(page, "Bill")
    page.get_by_label("Post the invoices at once").check()
    page.get_by_role("button", name="Create and post 1 invoice of USD 1,200.00").click()
    page.get_by_label("Receipt").get_by_text("What was posted").wait_for()


def credit(page) -> None:
    """The invoice that was billed: what is not released goes back."""
    page.goto(f"{reverse('prepaid:document-list')}?type=invoice")
    page.get_by_role("link", name=re.compile("INV-")).first.click()
    follow(page, "Create credit memo")
    page.get_by_label("Reason").fill("Cancelled")
    page.get_by_role("button", name="Create credit memo").click()
    page.get_by_role("link", name="Post", exact=True).click()
    page.get_by_role("button", name="Post USD").click()
    page.get_by_label("Receipt").get_by_text("What was posted").wait_for()


def follow(page, name: str) -> None:
    """The action of the page: its button, or the entry of its menu."""
    link = page.get_by_role("link", name=name, exact=True)
    if not link.first.is_visible():
        page.get_by_role("button", name="Actions").click()
    link.first.click()


def standing(page) -> dict[str, str]:
    """The trial balance: what stands on each account."""
    page.goto(reverse("ledger:trial-balance"))
    rows = page.locator("table").first.locator("tbody tr").all()
    return {row.locator("th").inner_text()[:4]: row.locator("td").nth(2).inner_text() for row in rows}
