"""The pages of prepaid services: the list, the card and its tabs, and the forms."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from ledger.models import ChangeLogEntry, Dimension
from ledger.reports.changes import described
from opportunities.services.projects import create_project
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.services.services import close_service
from tests.builders import make_account, make_rate
from tests.credits.desk import Page, errors, text
from tests.prepaid.contracting import agree, make_hours
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import TODAY, make_service, top_up, use

pytestmark = pytest.mark.django_db
Accrual, Type = PrepaidService.Accrual, PrepaidService.Type


def address(name, *args, **query):
    return reverse(f"prepaid:{name}", args=args, query=query or None)


@pytest.fixture
def sales(company):
    return signed_in("sales")


@pytest.fixture
def viewer(company):
    return signed_in("viewer")


def listed(client, **asked) -> list[str]:
    return [str(row.record.number) for row in client.get(address("service-list", **asked)).context["table"].rows]


# The list.


def test_the_list_narrows_sums_and_hides_what_is_closed(viewer, account, finance):
    other = make_account("Marlowe", currency="EUR")
    budget = make_service(account, actor=finance)
    hours = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR", actor=finance)
    closed = close_service(make_service(other, actor=finance), actor=finance)
    top_up(budget, "5000.00", actor=finance)
    use(budget, "1234.56", actor=finance)
    assert listed(viewer) == [budget.number, hours.number]
    assert listed(viewer, closed="closed") == [closed.number]
    assert listed(viewer, closed="all") == [budget.number, hours.number, closed.number]
    assert listed(viewer, closed="all", account=other.number) == [closed.number]
    assert listed(viewer, accrual="periodic") == listed(viewer, type="quantity") == [hours.number]
    assert listed(viewer, currency="USD") == [budget.number]
    summary = viewer.get(address("service-list")).context["summary"]
    assert [(row["code"], row["count"], len(row["totals"])) for row in summary] == [
        ("USD", 1, 3),
        ("No currency yet", 1, 0),
    ]
    shown = text(viewer.get(address("service-list")))
    assert "Outstanding USD 3,765.44" in shown
    assert "Posted usage USD 1,234.56" in shown
    assert "Deferred USD 3,765.44" in shown
    assert "USD 3,765.44 unlimited" in shown


def test_the_export_has_every_field_as_a_number(viewer, account, finance):
    budget = make_service(account, actor=finance, valid_until_formula="1M")
    top_up(budget, "5000.00", actor=finance)
    rows = text(viewer.get(address("service-list", export="csv")))
    assert f"{budget.number},{account},Support budget,Amount,5000.00,2026-12-24" in rows


# The card.


def test_the_card_says_what_is_left_and_leads_to_the_entries_behind_it(viewer, account, finance):
    budget = make_service(account, actor=finance, valid_until_formula="1M")
    top_up(budget, "5000.00", actor=finance)
    use(budget, "1234.56", actor=finance)
    page = viewer.get(budget.get_absolute_url())
    figures = {figure.label: figure for figure in page.context["figures"]}
    assert {label: text_of(figure.value) for label, figure in figures.items()} == {
        "Outstanding": "USD\u00a03,765.44",
        "Posted usage": "USD\u00a01,234.56",
        "Next valid until": "24 Dec 2026",
        "Deferred": "USD\u00a03,765.44",
    }
    behind = {
        label: [row.record.amount for row in viewer.get(figure.url).context["table"].rows]
        for label, figure in figures.items()
    }
    inflow, outflow = Decimal("5000.00"), Decimal("-1234.56")
    assert behind == {
        "Outstanding": [inflow],
        "Posted usage": [outflow],
        "Next valid until": [inflow],
        "Deferred": [inflow],
    }
    for fact in ("Outstanding amount (LCY)", "Posted usage amount (LCY)", "One-time", "No. of projects assigned 0"):
        assert fact in text(page)
    assert "Valid until would be 24 Dec 2026" in text(page)
    assert "Outstanding quantity" not in text(page)


def test_the_card_of_a_periodic_service_leads_to_what_tops_it_up(viewer, account, finance):
    """What a contract bills is deferred with the contract."""
    hours = make_hours(account)
    assert "None yet. Choose the service on the line of an order" in text(viewer.get(hours.get_absolute_url()))
    support = agree(account, starts_on=TODAY, service=hours, actor=finance)
    page = viewer.get(hours.get_absolute_url())
    assert f"{support} USD 1,000.00 1M 1M 24 Nov 2026 – {support.contract.number}" in text(page).replace("\xa0", " ")
    assert support.contract.get_absolute_url() in page.content.decode()
    assert {figure.label: figure.note for figure in page.context["figures"]}["Deferred"] == "waits with its contracts"
    assert "what a contract tops up: to the end of its period" in text(page)
    budget = make_service(account, actor=finance)
    assert "Service commitments that top it up" not in text(viewer.get(budget.get_absolute_url()))


def text_of(value) -> str:
    return strip_tags(str(value))


def test_the_card_of_an_amount_in_another_currency_shows_both(viewer, account, finance):
    make_rate("EUR", "1.10")
    budget = make_service(account, actor=finance)
    top_up(budget, "100.00", currency="EUR", actor=finance)
    page = text(viewer.get(budget.get_absolute_url()))
    assert "Outstanding EUR 100.00 USD 110.00" in page
    assert "Outstanding amount (LCY) USD 110.00" in page


def test_what_has_lapsed_is_said_on_the_card(viewer, account, finance):
    budget = make_service(account, actor=finance, valid_until_formula="CD")
    top_up(budget, "100.00", on=datetime.date(2026, 11, 20), actor=finance)
    page = viewer.get(budget.get_absolute_url())
    assert "Of what is outstanding, USD 0.00 can be used today." in text(page)
    assert next(each for each in page.context["figures"] if each.label == "Next valid until").tone == "bad"


def test_the_tabs_of_the_card(viewer, account, finance):
    budget = make_service(account, actor=finance)
    top_up(budget, "5000.00", actor=finance)
    for tab, said in (
        ("entries", "Invoice INV-000001"),
        ("journal", "Invoice INV-000001 Harbour Logistics"),
        ("history", "Create prepaid service"),
        ("projects", "No project is assigned."),
    ):
        assert said in text(viewer.get(budget.get_absolute_url(), {"tab": tab})), tab


def actions(client, service) -> dict[str, str]:
    page = client.get(service.get_absolute_url())
    found = [page.context["primary_action"], *page.context["menu_actions"]]
    return {action.label: action.disabled_reason for action in found if action}


def test_each_action_of_the_card_is_there_or_says_why_not(account, finance):
    budget = make_service(account, actor=finance, valid_until_formula="CD")
    top_up(budget, "100.00", on=datetime.date(2026, 11, 20), actor=finance)
    found = actions(signed_in("finance"), budget)
    assert found["Close"].startswith(f"{budget} has USD\u00a0100.00 left. Expire it, or take it out")
    assert found["Create Ledger Entry"] == found["Expire Residuals"] == found["Statement"] == found["Edit"] == ""
    closed = close_service(make_service(account, actor=finance), actor=finance)
    found = actions(signed_in("finance"), closed)
    assert "is closed: it takes no entry" in found["Create Ledger Entry"]
    assert "Nothing that was valid until 23 Nov 2026 or earlier is left." in found["Expire Residuals"]
    assert (found["Reopen"], "Close" in found) == ("", False)
    assert set(actions(signed_in("viewer"), budget)) == {"Ledger Entries", "Statement", "Change log"}


# New, edited.


def test_a_service_is_made_from_the_page_of_its_account(sales, account):
    shown = sales.get(account.get_absolute_url()).context
    (new,) = [each for each in shown["menu_actions"] if each.label == "New prepaid service"]
    page = Page(sales, new.url)
    assert page.data["account"] == account.number
    page.fill(description="Support 2027", valid_until_formula=" 1m + cm ", starts_on="2026-12-01")
    made = sales.post(page.url, page.data)
    service = PrepaidService.objects.get()
    assert made["Location"] == service.get_absolute_url()
    assert (service.number, service.account, service.accrual, service.type) == (
        "PS-00001", account, Accrual.ONE_TIME, Type.AMOUNT,
    )  # fmt: skip
    assert (service.valid_until_formula, service.starts_on) == ("1M+CM", datetime.date(2026, 12, 1))
    assert "PS-00001 Support 2027" in text(sales.get(account.get_absolute_url()))


def test_a_refusal_stands_at_its_field_and_nothing_is_made(sales, account):
    page = Page(sales, address("service-create", account=account.number))
    refused = sales.post(page.url, page.data | {"type": "quantity"})
    assert errors(refused) == {
        "type": ["A one-time prepaid service is always an amount. Choose periodic for a quantity."]
    }
    refused = sales.post(page.url, page.data | {"valid_until_formula": "1X"})
    assert errors(refused)["valid_until_formula"][0].startswith("“1X”: at character 2,")
    assert not PrepaidService.objects.exists()


def test_beside_the_formula_stands_what_it_gives_today(sales):
    for typed, said in (
        ("1M", "Valid until would be 24 Dec 2026 for a receipt of today."),
        ("", "Unlimited for a receipt of today."),
        ("1M+X", "“1M+X”: at character 4, a term as in 1M, CM, D15 or WD1 is expected, not “X”."),
        ("-1D", "“-1D” leads from 2026-11-24 back to 2026-11-23"),
    ):
        assert said in text(sales.get(address("service-valid-until", valid_until_formula=typed)))


def test_what_an_entry_has_fixed_is_locked_with_the_reason_and_stays(sales, account, finance):
    budget = make_service(account, actor=finance)
    top_up(budget, "100.00", actor=finance)
    page = Page(sales, address("service-edit", budget.pk))
    assert text(page.shown).count("Fixed: the service has ledger entries.") == 5
    page.fill(account="nobody", accrual="periodic", type="quantity", description="Renamed", valid_until_formula="1Y")
    assert sales.post(page.url, page.data).status_code == 302
    budget.refresh_from_db()
    assert (budget.account, budget.accrual, budget.currency_id) == (account, "one_time", "USD")
    assert (budget.description, budget.valid_until_formula) == ("Renamed", "1Y")


def test_two_who_edit_at_once_are_told(sales, service):
    page = Page(sales, address("service-edit", service.pk))
    seen = page.shown.context["seen"]
    PrepaidService.objects.update(description="Meanwhile")
    answer = sales.post(page.url, page.data | {"seen": seen, "description": "Mine"})
    assert "Meanwhile" in text(answer)
    assert PrepaidService.objects.get().description == "Meanwhile"


def test_the_dimension_value_is_its_own_number_or_one_that_is_there(sales, account):
    region = Dimension.objects.create(code="CONTRACT", name="Contract")
    region.values.create(code="OLD", name="Old one")
    PrepaidSetup.objects.update(dimension=region)
    for chosen, expected in (("", "PS-00001"), ("OLD", "OLD")):
        page = Page(sales, address("service-create", account=account.number))
        assert sales.post(page.url, page.data | {"dimension_value": chosen}).status_code == 302
        assert PrepaidService.objects.last().dimension_value == expected
    assert region.values.filter(code="PS-00001").exists()


# Projects, closing.


def test_projects_are_chosen_among_those_of_the_account(sales, account, service):
    work = create_project(name="Berths", account=account, currency=account.currency, actor=None)
    other = make_account("Marlowe")
    foreign = create_project(name="Quays", account=other, currency=other.currency, actor=None)
    page = Page(sales, address("service-projects", service.pk))
    assert foreign.name not in text(page.shown)
    sent = sales.post(page.url, page.data | {f"project_{work.pk}": "on", f"project_{foreign.pk}": "on"})
    assert sent["Location"].endswith("?tab=projects")
    assert list(service.projects.all()) == [work]
    assert "No. of projects assigned 1" in text(sales.get(service.get_absolute_url()))
    history = sales.get(service.get_absolute_url(), {"tab": "history"}).context["events"]
    assert (history[0].what, history[0].who, history[0].note) == ("Assign projects", "sales-person", str(work))
    (logged,) = described(ChangeLogEntry.objects.filter(table="prepaid_serviceproject"))
    assert (logged.what, logged.name, logged.url) == ("service project", str(service), service.get_absolute_url())
    sales.post(page.url, page.data | {f"project_{work.pk}": "", "token": ""})
    assert not service.projects.exists()


def test_a_service_is_closed_and_opened_again(sales, service):
    for name, closed in (("service-close", True), ("service-reopen", False)):
        page = Page(sales, address(name, service.pk))
        assert page.confirm()["Location"] == service.get_absolute_url()
        service.refresh_from_db()
        assert service.closed is closed


def test_closing_says_what_is_left_and_offers_to_bring_it_to_zero(service, finance):
    top_up(service, "100.00", actor=finance)
    page = signed_in("finance").get(address("service-close", service.pk))
    assert "has USD 100.00 left" in text(page)
    assert [action.label for action in page.context["menu_actions"]] == ["Create Ledger Entry", "Expire Residuals"]


def test_the_number_of_queries_of_the_list_is_that_of_one_row(viewer, account, finance, django_assert_max_num_queries):
    for _ in range(3):
        top_up(make_service(account, actor=finance), "10.00", actor=finance)
    with django_assert_max_num_queries(14):
        viewer.get(address("service-list"))


def test_the_account_shows_what_it_has_prepaid(viewer, account, finance):
    top_up(make_service(account, actor=finance), "100.00", on=TODAY, actor=finance)
    page = viewer.get(account.get_absolute_url())
    (figure,) = [each for each in page.context["figures"] if each.label == "Prepaid outstanding"]
    assert "USD\u00a0100.00" in str(figure.value)
    assert listed(viewer, account=account.number) == ["PS-00001"]
