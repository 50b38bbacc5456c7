"""A prepaid service in the browser, as its users do it: sold and posted, used up by two invoices, read on the card and in
the books."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from ledger.tie_outs import check_books
from prepaid.models import PrepaidService, SalesDocument
from tests import builders
from tests.browsing import browser, needs_chromium, person  # noqa: F401  (fixtures)
from tests.prepaid import selling

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]
PASSWORD = "correct horse battery"


@pytest.fixture
def service(transactional_db, django_user_model):
    user = django_user_model.objects.create_user("finance", password=PASSWORD, first_name="Finance")
    user.groups.add(Group.objects.get(name="finance"))
    selling.make_company()
    selling.make_product("TOP-UP", prepaid=True, price="5000")
    selling.make_product("WORK", unit_of_measure="HOUR")
    return selling.make_service(builders.make_account())


def test_from_the_top_up_to_the_trial_balance(browser, live_server, service):  # noqa: F811
    with person(browser, live_server.url, "finance", PASSWORD) as page:
        invoice(page, service, "TOP-UP", to_pay="5,000.00")
        assert figures(page, service) == {"Outstanding": "USD 5,000.00", "Posted usage": "USD 0.00"}
        invoice(page, service, "WORK", price="1234.56", to_pay="0.00")
        invoice(page, service, "WORK", price="4000.00", to_pay="234.56")
        assert figures(page, service) == {"Outstanding": "USD 0.00", "Posted usage": "USD 5,000.00"}
        page.goto(reverse("ledger:trial-balance"))
        rows = {
            row.locator("th").inner_text()[:4]: row.locator("td").nth(2).inner_text()
            for row in page.locator("table").first.locator("tbody tr").all()
        }
        assert rows == {"1100": "5,234.56", "2410": "–", "4000": "−234.56", "4010": "−5,000.00"}
    assert [line.net for line in SalesDocument.objects.latest("pk").lines.order_by("line_no")] == [
        Decimal("4000.00"),
        Decimal("-3765.44"),
    ]
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def invoice(page, service: PrepaidService, product: str, *, to_pay: str, price: str = "") -> None:
    """Entered, a line added with the proposal of its product, looked at and posted."""
    page.goto(f"{reverse('prepaid:document-create', args=['invoice'])}?account={service.account.number}")
    page.get_by_role("button", name="Create invoice").click()
    page.get_by_role("link", name="Add line").first.click()
    with answered(page):
        page.locator("#id_product").select_option(label=f"{product} {product.title()}")
    if price:
        with answered(page):
            page.get_by_label("Unit price").fill(price)
            page.get_by_label("Unit price").press("Tab")
    with answered(page):
        page.get_by_label("Prepaid service", exact=True).select_option(str(service.pk))
    page.get_by_role("button", name="Add line").click()
    page.get_by_role("link", name="Post", exact=True).click()
    page.get_by_role("button", name=f"Post USD {to_pay}").click()
    page.get_by_label("Receipt").get_by_text("What was posted").wait_for()


def answered(page):
    """Until the page has said what the line comes to: what is sent meanwhile would break off the question."""
    return page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/lines/new/"))


def figures(page, service: PrepaidService) -> dict[str, str]:
    """The figures of the card that the walk is about."""
    page.goto(service.get_absolute_url())
    strip = page.locator(".figure").all_inner_texts()
    found = {lines[0]: lines[1].replace("\xa0", " ") for lines in (text.splitlines() for text in strip)}
    return {label: found[label] for label in ("Outstanding", "Posted usage")}
