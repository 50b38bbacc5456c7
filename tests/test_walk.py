"""The main job in the browser, as its users do it: sold by sales, used by delivery, closed by the night, read by finance."""

import datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from config.night import run_nights
from credits.models import Milestone, Purchase
from ledger.dates import business_date
from opportunities.models import Opportunity
from tests import builders
from tests.browsing import browser, needs_chromium, person, worker  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]
PASSWORD = "correct horse battery"


@pytest.fixture
def staff(django_user_model):
    from django.contrib.auth.models import Group

    for role in ("sales", "delivery", "finance"):
        user = django_user_model.objects.create_user(role, password=PASSWORD, first_name=role.title())
        user.groups.add(Group.objects.get(name=role))


@pytest.fixture
def sale(staff):
    """A won opportunity of 1,000.00 for 7 credits, and an older lot of the same customer that expires first."""
    builders.make_company()
    account, today = builders.make_account(), business_date()
    builders.make_purchase(
        account,
        purchased_on=today,
        starts_on=today,
        expires_on=today + datetime.timedelta(days=20),
        number_of_credits=3,
    )
    builders.make_milestone(builders.make_project(account), 8, name="Rollout", target_on=today)
    return builders.make_opportunity(account, total="1000.00", credits=7)


def test_from_the_opportunity_to_the_trial_balance(browser, live_server, sale, worker):  # noqa: F811
    with person(browser, live_server.url, "sales", PASSWORD) as page:
        sell(page, sale)
    with person(browser, live_server.url, "delivery", PASSWORD) as page:
        deliver(page)
    with person(browser, live_server.url, "finance", PASSWORD) as page:
        run_the_night(page)
        # Past the last expiry: the page refuses a date in the future, the command line runs it.
        assert all(run.state == "done" for run in run_nights(business_date() + datetime.timedelta(days=367)))
        read_the_books(page)
    out = StringIO()
    call_command("check_books", stdout=out)
    assert "agree" in out.getvalue()


def sell(page, sale: Opportunity):
    page.goto(reverse("opportunities:opportunity-list"))
    page.get_by_role("link", name=sale.number).click()
    page.get_by_role("link", name="Create Services Credits Customer Purchase").click()
    page.get_by_text("5 × 142.86 + 2 × 142.85 = 1,000.00").wait_for()
    page.get_by_role("button", name="Create 2 purchases, post USD 1,000.00").click()
    page.get_by_label("Receipt").wait_for()
    lots = Purchase.objects.filter(opportunity_line__opportunity=sale).order_by("line_part")
    assert [(lot.number_of_credits, str(lot.amount_paid_per_credit)) for lot in lots] == [
        (5, "142.860"),
        (2, "142.850"),
    ]
    # Bought once: the button has nothing left to offer.
    page.goto(reverse("credits:opportunity-purchases", args=[sale.pk]))
    page.get_by_text("Already bought").first.wait_for()


def deliver(page):
    page.goto(reverse("credits:milestone-list"))
    page.get_by_role("link", name="Rollout").first.click()
    page.get_by_role("link", name="Manage Services Credits").click()
    page.get_by_role("button", name="Allocate 8 credits").click()
    page.get_by_label("Receipt").wait_for()
    milestone = Milestone.objects.get()
    assert list(milestone.consumptions.order_by("id").values_list("credits", flat=True)) == [3, 5]
    page.get_by_role("link", name="Complete").first.click()
    page.get_by_role("button", name="Complete").click()
    page.get_by_label("Receipt").wait_for()
    milestone.refresh_from_db()
    assert milestone.actual_on == business_date()


def run_the_night(page):
    page.goto(reverse("night-list"))
    page.get_by_role("link", name="Run a night").first.click()
    page.get_by_role("button", name="Run the night of").click()
    page.get_by_text("Done", exact=True).first.wait_for(timeout=60_000)
    page.get_by_text("2 of 2").or_(page.get_by_text("1 of 1")).first.wait_for(timeout=60_000)


def read_the_books(page):
    """240.00 and 714.30 are earned, 285.70 lapsed, and nothing is deferred; a line leads back to the milestone."""
    later = business_date() + datetime.timedelta(days=367)
    page.goto(f"{reverse('ledger:trial-balance')}?on={later.isoformat()}")
    rows = {
        row.locator("th").inner_text()[:4]: row.locator("td").nth(2).inner_text()
        for row in page.locator("table").first.locator("tbody tr").all()
    }
    assert rows == {"1100": "1,240.00", "2400": "–", "4000": "−954.30", "4090": "−285.70"}
    page.get_by_role("link", name="4000 Services revenue").click()
    page.get_by_role("link", name="JE-").first.click()
    page.get_by_role("link", name="Rollout").first.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("MS-")
