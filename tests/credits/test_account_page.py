"""The page of an account's services credits: every figure leads to rows that add up to it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.models import CreditsSetup, Purchase
from credits.reports.account import balances
from credits.services.allocate import allocate
from credits.services.corrections import request_refund
from credits.services.dates import change_dates
from credits.services.purchases import return_to_draft
from tests.builders import make_milestone, make_project, make_purchase, make_user
from tests.credits.correcting import refunded
from tests.credits.desk import FOLLOWING, sign_in, text
from tests.credits.holding import TODAY, days, lots

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
__all__ = ["lots"]  # a fixture


@pytest.fixture
def viewer(client, company):
    sign_in(client, *FOLLOWING, "ledger.view_journalentry")
    return client


def page(account, tab: str = "overview") -> str:
    return f"/credits/accounts/{account.pk}/?tab={tab}"


def test_every_credit_bought_is_in_one_place(account, lots):
    """Account page, balance: per currency."""
    gbp, usd = balances(account, TODAY)
    assert (gbp.bought, gbp.available, gbp.deferred) == (23, 23, Decimal(1150))
    assert (usd.bought, usd.available, usd.not_started, usd.past_expiry) == (60, 17, 20, 10)
    assert (usd.allocated, usd.expired, usd.refunded) == (3, 10, 0)
    for each in (gbp, usd):
        places = (each.available, each.not_started, each.past_expiry, each.allocated, each.expired, each.refunded)
        assert each.bought == sum(places)
    assert usd.deferred == Decimal(5 * 800 - 800)


def test_what_expires_within_30_60_and_90_days_with_the_money_paid_for_it(account, lots):
    """Account page, expiring soon: with the money paid for it."""
    gbp, usd = balances(account, TODAY)
    assert [(each.days, each.credits, each.paid) for each in usd.at_risk] == [
        (30, 7, Decimal(560)),
        (60, 7, Decimal(560)),
        (90, 17, Decimal(560)),
    ]
    assert [each.credits for each in gbp.at_risk] == [0, 0, 0]


def test_with_the_setting_what_is_past_its_expiry_is_available(account, lots):
    CreditsSetup.objects.update(allocate_past_expiry=True)
    _, usd = balances(account, TODAY)
    assert (usd.available, usd.not_started, usd.past_expiry) == (27, 20, 0)


def total(response, code: str, label: str) -> str:
    """The total of that name above a list, of that currency."""
    (row,) = [row for row in response.context["summary"] if row["code"] == code]
    return dict(row["totals"])[label]


LISTED = {
    "bought": "Credits", "available": "Available", "not_started": "Available", "past_expiry": "Available",
    "allocated": "Credits", "expired": "Credits",
}  # fmt: skip


def test_each_figure_of_the_balance_is_the_total_of_the_list_it_leads_to(viewer, account, lots):
    response = viewer.get(page(account))
    (row,) = [row for row in response.context["rows"] if row["currency"].code == "USD"]
    cells = dict(zip(response.context["columns"], row["cells"], strict=True))
    for column, label in LISTED.items():
        credits, url = cells[column]
        assert credits and f">{credits:,}<" in total(viewer.get(url), "USD", label), column
    assert "3,200.00" in total(viewer.get(row["purchases"]), "USD", "Deferred")


def test_refunded_credits_lead_to_the_corrections_that_refunded_them(viewer, account, lots):
    sign_in(viewer, "credits.view_correction")
    refunded(lots["available"], 4)
    refunded(Purchase.objects.get(currency="GBP"), 1)
    asked = request_refund(
        lots["soon"], credits=1, kept_percent=Decimal(0), reason="Too many", actor=make_user("asker")
    )
    response = viewer.get(page(account))
    for row, credits in zip(response.context["rows"], (1, 4), strict=True):
        figure, url = dict(zip(response.context["columns"], row["cells"], strict=True))["refunded"]
        shown = viewer.get(url)
        assert figure == credits and asked not in shown.context["table"].data.data
        assert sum(each.credits for each in shown.context["table"].data.data) == 5  # of both currencies


def test_each_window_leads_to_the_purchases_that_make_it_up(viewer, account, lots):
    (row,) = [row for row in viewer.get(page(account)).context["rows"] if row["currency"].code == "USD"]
    for risk, url in row["at_risk"]:
        assert f">{risk.credits}<" in total(viewer.get(url), "USD", "Available"), risk


def test_the_figures_of_the_strip_lead_to_their_rows(viewer, account, lots):
    figures = {figure.label: figure for figure in viewer.get(page(account)).context["figures"]}
    assert "23 GBP" in figures["Available"].value and "17 USD" in figures["Available"].value
    assert "7 USD" in figures["Expiring in 30 days"].value and "GBP" not in figures["Expiring in 30 days"].value
    assert "3 USD" in figures["Allocated"].value and "3,200.00" in figures["Deferred"].value
    assert ">17<" in total(viewer.get(figures["Available"].url), "USD", "Available")
    assert ">7<" in total(viewer.get(figures["Expiring in 30 days"].url), "USD", "Available")
    assert ">3<" in total(viewer.get(figures["Allocated"].url), "USD", "Credits")


def test_lots_stand_by_expiry_with_the_dates_of_their_own_pages(viewer, account, lots):
    """Account page, lots: by expiry.
    Page and page agree about the last usable day (wpsharks/s2member#612, bugs-to-tests row 4)."""
    response = viewer.get(page(account))
    in_order = [lots[name] for name in ("past", "soon", "later", "available", "not started")]
    assert [lot for lot, _ in response.context["lots"]] == [*in_order, Purchase.objects.get(currency="GBP")]
    assert "24 Dec 2026 in 30 days" in text(response)
    assert "24 Dec 2026 in 30 days" in text(viewer.get(lots["soon"].get_absolute_url()))


def test_the_burn_down_is_a_chart_and_the_same_figures_as_a_table(viewer, account, lots, project):
    """Account page, burn-down: with a forecast, as a table too."""
    make_milestone(project, 5, target_on=days(10))
    response = viewer.get(page(account, "burn_down"))
    html, shown = response.content.decode(), text(response)
    (_, usd) = response.context["burn_downs"]
    burn, columns, *_ = usd
    assert [(column.label, column.text) for column in columns[12:15]] == [
        ("Today", "17"),
        ("Nov 26", "27"),
        ("Dec 26", "20"),
    ]
    assert len(columns) == 25 == len(burn.past) + len(burn.coming)
    assert html.count("<svg") > 2 and "Show table" in shown
    assert all(f"{each.available:,}" in shown for each in (*burn.past, *burn.coming))
    assert "style=" not in html


def test_past_months_lead_to_their_statement_which_says_the_same(viewer, account, lots):
    (_, usd) = viewer.get(page(account, "burn_down")).context["burn_downs"]
    point, url = usd[2][-1]
    assert f"Available {point.available}" in text(viewer.get(url))


def test_coming_months_lead_to_what_will_happen_in_them(viewer, account, lots, project):
    milestone = make_milestone(project, 5, target_on=days(10))
    (_, usd) = viewer.get(page(account, "burn_down")).context["burn_downs"]
    december, links = usd[3][1]
    assert (december.drawn, december.lapsing) == (6, 1)  # the other milestone still needs one
    assert milestone.number in text(viewer.get(links["drawn"]))
    lapsing = text(viewer.get(links["lapsing"]))
    assert lots["soon"].number in lapsing and lots["available"].number not in lapsing


def test_the_page_of_the_account_leads_there(viewer, account, lots):
    response = viewer.get(account.get_absolute_url())
    figure = next(figure for figure in response.context["figures"] if figure.label == "Available credits")
    assert figure.url == f"/credits/accounts/{account.pk}/"
    assert f'href="/credits/accounts/{account.pk}/statement/"' in response.content.decode()


def test_who_may_not_see_what_was_drawn_is_led_to_the_lots(client, account):
    make_purchase(account)
    sign_in(client, "opportunities.view_account", "credits.view_purchase")
    response = client.get(account.get_absolute_url())
    assert "/credits/accounts/" not in response.content.decode()
    assert client.get(page(account)).status_code == 403


@pytest.mark.parametrize("tab", ["overview", "burn_down", "history"])
def test_an_account_without_credits_says_what_to_do_first(viewer, account, tab):
    assert "confirmed purchase" in text(viewer.get(page(account, tab)))


@pytest.mark.parametrize("tab", ["overview", "burn_down", "history"])
def test_the_number_of_queries_does_not_grow_with_the_rows(viewer, account, lots, sam, tab):
    with CaptureQueriesContext(connection) as few:
        viewer.get(page(account, tab))
    for count in range(4):
        lot = make_purchase(account, expires_on=days(100 + count))
        allocate(make_milestone(make_project(account), 3), actor=sam)
        make_milestone(make_project(account), 3, target_on=days(count))
        make_milestone(make_project(account), 90, target_on=days(count))
        change_dates(lot, starts_on=lot.starts_on, expires_on=days(150), reason="Agreed", actor=sam)
        return_to_draft(make_purchase(account), actor=sam)
    with CaptureQueriesContext(connection) as many:
        viewer.get(page(account, tab))
    assert len(many) == len(few)
