"""Sales documents in the browser: what the pages show, ask and refuse."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from prepaid.models import SalesDocument, SalesLine
from prepaid.services.convert import invoice_order
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.document_state import release
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_project
from tests.credits.desk import Page, errors, text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_document, make_product, make_service, top_up, usage, use

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def desk(company):
    return signed_in("finance")


def at(name: str, *args) -> str:
    return reverse(f"prepaid:{name}", args=args)


def save(page: Page, **typed):
    """Sends a plain form; gives where it leads, or the answer of one that was refused."""
    page.fill(**typed)
    answer = page.client.post(page.url, page.data)
    return answer["Location"] if answer.status_code == 302 else answer


def test_an_invoice_is_entered_for_the_account_of_the_link(desk, account):
    payer = make_account("Holding")
    account.bill_to = payer
    account.save()
    page = Page(desk, f"{at('document-create', 'invoice')}?account={account.number}")
    shown = {name: page.data[name] for name in ("account", "bill_to", "currency", "document_on", "posted_on")}
    assert shown == {
        "account": account.number,
        "bill_to": payer.number,
        "currency": "USD",
        "document_on": TODAY.isoformat(),
        "posted_on": TODAY.isoformat(),
    }
    leads = save(page, external_reference="PO 17", text="Thank you")
    document = SalesDocument.objects.get()
    assert leads == document.get_absolute_url()
    assert (document.type, document.bill_to, document.external_reference) == ("invoice", payer, "PO 17")
    assert (document.state, document.created_by.username) == ("open", "finance-person")


def test_what_is_refused_of_a_header_stands_at_its_field_with_what_was_typed(desk, account):
    other = make_project(make_account("Another"))
    page = Page(desk, f"{at('document-create', 'order')}?account={account.number}")
    answer = save(page, due_on="2026-11-01", external_reference="PO 17")
    assert list(errors(answer)) == ["due_on"] and "PO 17" in answer.content.decode()
    answer = save(page, due_on=None, project=other.number)
    assert list(errors(answer)) == ["project"] and "belongs to another account" in errors(answer)["project"][0]
    assert not SalesDocument.objects.exists()
    assert desk.get(at("document-create", "credit_memo")).status_code == 404


def test_a_line_is_proposed_by_its_product(desk, account, service):
    """Choosing a prepaid item fixes the quantity at 1 and offers the services that it can top up."""
    monthly = make_service(account, accrual="periodic", description="Monthly")
    make_service(make_account("Another"), description="Of another")
    item, work = make_product("TOP-UP", prepaid=True, price="5000"), make_product("WORK", unit_of_measure="HOUR")
    document = make_document(account)
    page = Page(desk, at("line-create", document.pk))
    answer = page.fill(product=str(work.pk)).look()
    form = answer.context["form"]
    assert [form[name].value() for name in ("description", "unit_of_measure", "unit_price")] == ["Work", "HOUR", 100]
    assert [choice.pk for choice in form.fields["prepaid_service"].queryset] == [service.pk, monthly.pk]
    assert "USD 100.00" in text(answer)
    form = page.fill(product=str(item.pk), quantity="3").look().context["form"]
    assert "quantity" in form.locked and form["quantity"].value() == 1
    assert [choice.pk for choice in form.fields["prepaid_service"].queryset] == [service.pk]
    assert not SalesLine.objects.exists()
    leads = save(page, unit_price="4800", prepaid_service=str(service.pk), discount_percent="10")
    assert leads == document.get_absolute_url()
    line = document.lines.get()
    assert (line.quantity, line.net, line.prepaid_service, line.description) == (1, 4320, service, "Top-Up")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("quantity", {"quantity": "0"}),
        ("unit_price", {"unit_price": "-1"}),
        ("unit_price", {"unit_price": "1.005"}),
        ("discount_percent", {"discount_percent": "101"}),
        ("prepaid_service", {"prepaid_service": "0"}),
    ],
)
def test_what_is_refused_of_a_line_stands_at_its_field_with_what_was_typed(desk, account, field, typed):
    work = make_product("WORK")
    page = Page(desk, at("line-create", make_document(account).pk)).fill(product=str(work.pk), description="Kept")
    answer = save(page, **typed)
    assert list(errors(answer)) == [field] and "Kept" in answer.content.decode()
    assert not SalesLine.objects.exists()


def test_a_line_is_edited_and_deleted(desk, account, service):
    document = usage(service, "100.00", "50.00")
    first, second = document.lines.all()
    page = Page(desk, at("line-edit", first.pk))
    assert (page.data["quantity"], page.data["unit_price"]) == ("1", "100.00")
    assert save(page, quantity="2.5", unit_price="80") == document.get_absolute_url()
    first.refresh_from_db()
    assert (first.quantity, first.net) == (Decimal("2.5"), 200)
    page = Page(desk, at("line-delete", second.pk))
    assert page.preview().confirm_label == "Delete the line"
    assert page.confirm()["Location"] == document.get_absolute_url()
    assert [line.pk for line in document.lines.all()] == [first.pk]


def test_a_balance_line_by_hand_has_less_of_the_service_used(desk, account, service, finance):
    top_up(service, "500.00", actor=finance)
    document = usage(service, "300.00")
    page = Page(desk, at("balance-line-create", document.pk))
    assert errors(save(page, prepaid_service=str(service.pk), units="0")).keys() == {"units"}
    assert save(page, units="100") == document.get_absolute_url()
    shown = text(desk.get(document.get_absolute_url()))
    assert "added by hand" in shown and "To pay USD 200.00" in shown
    balance = document.lines.get(kind="balance")
    answer = desk.get(at("line-edit", balance.pk))
    assert answer.status_code == 409 and "Delete it and add another" in text(answer)


def test_the_page_tells_what_prepaid_services_would_cover(desk, account, service, finance):
    top_up(service, "1000.00", actor=finance)
    document = usage(service, "1234.56")
    answer = desk.get(document.get_absolute_url())
    figures = {figure.label: str(figure.value) for figure in answer.context["figures"]}
    assert [
        ("1,234.56" in figures["Gross"]),
        "1,000.00" in figures["Prepaid covers"],
        "234.56" in figures["To pay"],
    ] == [
        True,
        True,
        True,
    ]
    shown = text(answer)
    assert "written when it is posted, as things stand" in shown and f"Balance of prepaid service {service}" in shown
    assert "The rest is billed: USD 234.56, net." in shown
    assert not document.lines.filter(kind="balance").exists()
    assert answer.context["primary_action"].label == "Post"


def test_the_page_of_a_posted_invoice_leads_to_what_it_posted(desk, account, service, finance):
    top_up(service, "5000.00", actor=finance)
    posted = use(service, "1234.56", actor=finance)
    memo = create_credit_memo(posted, reason="Not done", actor=finance)
    answer = desk.get(posted.get_absolute_url())
    actions = {action.label: action.disabled_reason for action in answer.context["menu_actions"]}
    assert answer.context["primary_action"].label == "Create credit memo"
    assert "Add line" not in actions and "its number must not be missing" in actions["Delete"]
    assert f"Credit memo {memo.number}" in text(answer)
    entries = text(desk.get(f"{posted.get_absolute_url()}?tab=entries"))
    assert "Consumption" in entries and "USD −1,234.56" in entries and "JE-" in entries
    history = text(desk.get(f"{posted.get_absolute_url()}?tab=history"))
    assert "Add line" in history and "Post invoice" in history


def test_the_warning_of_the_term_and_a_problem_stand_on_the_page(desk, account, finance):
    service = make_service(account, ends_on=datetime.date(2026, 10, 31))
    document = usage(service, "10.00")
    shown = text(desk.get(document.get_absolute_url()))
    assert "24 Nov 2026 lies outside the term" in shown and "which ended on 31 Oct 2026" in shown


def test_the_list_sums_by_type_and_currency_and_is_exported(desk, account, service, finance):
    top_up(service, "5000.00", actor=finance)
    posted = use(service, "100.00", "23.45", actor=finance)
    post_document(create_credit_memo(posted, reason="Not done", actor=finance), actor=finance)
    make_document(account, type_="quote")
    answer = desk.get(at("document-list"))
    sums = {
        row["code"]: (row["count"], [str(total) for _, total in row["totals"]]) for row in answer.context["summary"]
    }
    assert list(sums) == ["Quotes USD", "Invoices USD", "Credit memos USD"]
    assert sums["Invoices USD"][0] == 2 and "5,000.00" in sums["Invoices USD"][1][0]
    assert sums["Credit memos USD"][0] == 1 and "0.00" in sums["Credit memos USD"][1][2]
    found = desk.get(f"{at('document-list')}?type=invoice&posted_on_min=2026-11-24&search={posted.posted_number}")
    assert [row.record.pk for row in found.context["table"].rows] == [posted.pk]
    exported = desk.get(f"{at('document-list')}?type=credit_memo&export=csv")
    lines = b"".join(exported.streaming_content).decode() if exported.streaming else exported.content.decode()
    assert "CM-000001" in lines and len(lines.strip().splitlines()) == 2


def test_release_reopen_and_delete(desk, account, service):
    document = usage(service, "10.00")
    line = document.lines.get()
    for name, state in (("release", "released"), ("reopen", "open"), ("release", "released")):
        page = Page(desk, at(f"document-{name}", document.pk))
        assert page.confirm()["Location"] == document.get_absolute_url()
        document.refresh_from_db()
        assert document.state == state
    for name, pk in (("document-edit", document.pk), ("line-create", document.pk), ("line-edit", line.pk)):
        answer = desk.get(at(name, pk))
        assert answer.status_code == 409 and "is released. Reopen it to change it." in text(answer)
    page = Page(desk, at("document-delete", document.pk))
    assert page.confirm()["Location"] == at("document-list")
    assert not SalesDocument.objects.exists()


def test_an_action_that_cannot_be_used_says_why(desk, account, service):
    document = make_document(account)
    answer = desk.get(document.get_absolute_url())
    actions = {action.label: action.disabled_reason for action in answer.context["menu_actions"]}
    assert answer.context["primary_action"].label == "Add line"
    assert "has no lines" in actions["Post"] and "has no lines" in actions["Release"]
    add_line(document, LineTerms(product=make_product("TOP-UP", prepaid=True)), actor=None)
    answer = desk.get(document.get_absolute_url())
    assert "choose the prepaid service that it tops up" in answer.context["primary_action"].disabled_reason


def test_sales_write_and_do_not_post(account, service):
    document = usage(service, "10.00")
    client = signed_in("sales")
    labels = {action.label for action in client.get(document.get_absolute_url()).context["menu_actions"]}
    assert {"Add line", "Release"} <= labels
    assert client.get(document.get_absolute_url()).context["primary_action"] is None
    assert client.get(at("document-post", document.pk)).status_code == 403


def test_the_queries_of_page_and_list_do_not_grow_with_their_rows(
    desk, account, service, django_assert_max_num_queries
):
    small = usage(service, "1.00")
    large = usage(service, *["1.00"] * 12)
    release(large, actor=None)
    counts = []
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for url in (small.get_absolute_url(), large.get_absolute_url(), at("document-list")):
        with CaptureQueriesContext(connection) as queries:
            desk.get(url)
        counts.append(len(queries))
    assert abs(counts[1] - counts[0]) <= 1
    for _ in range(4):
        make_document(account)
    with CaptureQueriesContext(connection) as queries:
        desk.get(at("document-list"))
    assert len(queries) == counts[2]


def test_crediting_says_that_an_order_takes_nothing_back(desk, account, finance):
    order = make_document(account, LineTerms(product=make_product("WORK")), type_="order", actor=finance)
    posted = post_document(invoice_order(order, actor=finance), actor=finance)
    said = f"is not invoiced again from order {order}, which stays invoiced"
    assert said in text(desk.get(at("document-credit", posted.pk)))
    memo = create_credit_memo(posted, reason="Wrong price", actor=finance)
    assert said in text(desk.get(at("document-post", memo.pk)))
    post_document(memo, actor=finance)
    assert SalesDocument.objects.get(pk=order.pk).state == "done"
    own = use(make_service(account, actor=finance), "10.00", actor=finance)
    assert "is not invoiced again" not in text(desk.get(at("document-credit", own.pk)))
