"""Converting, invoicing and delivering in the browser: what the pages preset, show before anything is made, and refuse."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from opportunities.models import CommitmentOption
from opportunities.services.project_entries import Work, create_project_entry
from prepaid.models import Delivery, SalesDocument
from prepaid.services.convert import convert_quote, invoice_order
from prepaid.services.document_lines import LineTerms
from prepaid.services.services import assign_projects
from tests.builders import make_project
from tests.credits.desk import Page, errors, text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import TODAY, make_document, make_package, make_product, make_service, top_up

pytestmark = pytest.mark.django_db
Type = SalesDocument.Type
D = Decimal


@pytest.fixture
def desk(company):
    """Delivery may write documents and not post them."""
    return signed_in("delivery")


@pytest.fixture
def work(company):
    return make_product("WORK", unit_of_measure="HOUR")


@pytest.fixture
def order(account, work):
    """10 hours and 2 licences that a contract bills."""
    licence = make_product("LICENCE", commitment_option=CommitmentOption.COMMITMENT_ITEM)
    make_package("MONTHLY", sold_with=licence)
    lines = [LineTerms(product=work, quantity=D(10)), LineTerms(product=licence, quantity=D(2))]
    return make_document(account, *lines, type_=Type.ORDER)


def at(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def rows(preview) -> list[tuple[str, str, str]]:
    return [(change.label, change.before, change.after.replace("\xa0", " ")) for change in preview.changes]


def test_a_quote_is_converted_and_leads_to_its_order(desk, account, work):
    quote = make_document(account, LineTerms(product=work, quantity=D(2)), type_=Type.QUOTE)
    page = Page(desk, at("document-convert", quote))
    preview = page.preview()
    assert rows(preview) == [
        ("1. Work", "", "USD 200.00"),
        (f"Quote {quote}", "Open", "Done"),
        ("Order", "", "USD 200.00"),
    ]
    assert SalesDocument.objects.count() == 1  # looking makes nothing
    leads = page.confirm()["Location"]
    order = SalesDocument.objects.get(type=Type.ORDER)
    assert (leads, order.created_by.username) == (order.get_absolute_url(), "delivery-person")
    refused = desk.get(at("document-convert", quote))
    assert refused.status_code == 409 and f"{order} was made from it" in text(refused)
    shown = text(desk.get(quote.get_absolute_url()))
    assert "Convert to order" in shown and f"{quote} is done" in shown


def test_an_order_is_invoiced_in_parts_all_that_is_left_preset(desk, order):
    hours, licence = order.lines.order_by("line_no")
    page = Page(desk, at("document-invoice", order))
    assert page.data[f"quantity_{hours.pk}"] == "10"
    assert f"quantity_{licence.pk}" not in page.data
    too_much = page.fill(**{f"quantity_{hours.pk}": "10.5"}).look()
    assert "10.5 cannot be invoiced, 10 of 10 is left" in text(too_much)
    assert errors(page.confirm())[f"quantity_{hours.pk}"][0].startswith("Line 1, Work: 10.5 cannot be invoiced")
    preview = page.fill(**{f"quantity_{hours.pk}": "4"}).preview()
    assert rows(preview) == [
        ("1. Work", "0", "4"),
        (f"Order {order}", "Open", "Released"),
        ("Invoice", "", "USD 400.00"),
    ]
    assert "its contract bills" in preview.left_out[0].reason
    assert preview.confirm_label.replace("\xa0", " ") == "Create invoice of USD 400.00"
    invoice = SalesDocument.objects.filter(type=Type.INVOICE)
    assert page.confirm()["Location"] == invoice.get().get_absolute_url()
    assert Page(desk, at("document-invoice", order)).data[f"quantity_{hours.pk}"] == "6"


def test_what_somebody_else_invoiced_meanwhile_is_told(desk, order, finance):
    hours = order.lines.get(line_no=1)
    page = Page(desk, at("document-invoice", order))
    panel = page.preview()
    invoice_order(order, {hours.pk: D(3)}, actor=finance)
    answer = desk.post(page.url, page.data | {"fingerprint": panel.fingerprint})
    assert "10 cannot be invoiced, 7 of 10 is left" in errors(answer)[f"quantity_{hours.pk}"][0]
    assert SalesDocument.objects.filter(type=Type.INVOICE).count() == 1


def test_an_order_is_delivered_and_its_note_is_shown_and_printed(desk, order):
    hours = order.lines.get(line_no=1)
    page = Page(desk, at("document-deliver", order)).fill(**{f"quantity_{hours.pk}": "2.5"})
    assert rows(page.preview())[:2] == [("1. Work", "0", "2.5"), ("2. Licence", "0", "2")]
    tomorrow = (TODAY + datetime.timedelta(days=1)).isoformat()
    assert "has not come" in text(page.fill(delivered_on=tomorrow).look())
    page.fill(delivered_on=TODAY.isoformat())
    delivery_url = page.confirm()["Location"]
    delivery = Delivery.objects.get()
    assert delivery_url == delivery.get_absolute_url()
    shown = text(desk.get(delivery_url))
    assert "Delivery note DN-000001" in shown and "2.5 HOUR" in shown.replace("\xa0", " ") and str(order) in shown
    for name, thing in (("delivery-pdf", delivery), ("document-pdf", order)):
        response = desk.get(at(name, thing))
        assert response["Content-Type"] == "application/pdf" and response.content[:5] == b"%PDF-"
    assert f"DN-{1:06d}" in text(desk.get(order.get_absolute_url()))


def test_the_unbilled_work_of_a_project_is_invoiced_from_its_page(desk, account, work, finance):
    project, budget = make_project(account), make_service(account, actor=finance)
    url = at("project-invoice", project)
    assert "has no time or material" in text(desk.get(project.get_absolute_url()))
    assert desk.get(url).status_code == 409
    top_up(budget, "150", actor=finance)
    assign_projects(budget, [project], actor=finance)
    create_project_entry(project, Work(product=work, quantity=D(2), worked_on=TODAY), actor=None)
    assert url in desk.get(project.get_absolute_url()).content.decode()
    page = Page(desk, url)
    assert page.data["prepaid_service"] == budget.pk
    preview = page.preview()
    assert rows(preview) == [
        ("Invoice", "", "USD 200.00"),
        ("Prepaid covers", "", "USD 150.00"),
        ("To pay", "", "USD 50.00"),
        ("1. 24 Nov 2026, Work", "", "USD 200.00"),
    ]
    assert "is billed: USD\xa050.00" in preview.warnings[0]
    assert "no time or material up to 1 Nov 2026" in text(page.fill(until="2026-11-01").look())
    invoice_url = page.fill(until=TODAY.isoformat()).confirm()["Location"]
    invoice = SalesDocument.objects.get(project=project)
    assert invoice_url == invoice.get_absolute_url()
    assert f"Billed: {invoice}/1" in text(desk.get(project.get_absolute_url()))


def test_the_panel_of_a_large_order_takes_no_more_queries(desk, account, work, finance, django_assert_max_num_queries):
    quote = make_document(account, *[LineTerms(product=work)] * 12, type_=Type.QUOTE)
    order = convert_quote(quote, actor=finance)
    with django_assert_max_num_queries(90):
        assert desk.get(at("document-invoice", order)).status_code == 200
