"""What a sales line is: decided when it is written, whatever becomes of its product."""

from decimal import Decimal

import pytest
from django.urls import reverse

from ledger.tie_outs import check_books
from opportunities.models import CommitmentOption
from opportunities.services.project_entries import Work, create_project_entry
from prepaid.exceptions import BadDocument
from prepaid.models import SalesLine
from prepaid.services.convert import convert_quote, invoice_order
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms, edit_line
from prepaid.services.document_state import release
from prepaid.services.post_document import post_document
from prepaid.services.project_usage import invoice_project
from tests.builders import make_project, trial_balance
from tests.prepaid.desk import signed_in
from tests.prepaid.raw import change, let_in
from tests.prepaid.selling import TODAY, Type, make_document, make_product, make_service, top_up, use

pytestmark = pytest.mark.django_db
Role = SalesLine.Role


def now_prepaid(product, prepaid=True):
    product.prepaid_service = prepaid
    product.save(update_fields=["prepaid_service"])


def roles(document):
    return list(document.lines.order_by("line_no").values_list("role", flat=True))


def nothing_amiss():
    assert [str(each) for check in check_books() for each in check.offenders] == []


@pytest.mark.parametrize("released", [False, True])
def test_a_top_up_stays_one_when_its_product_is_edited(account, service, finance, released):
    item = make_product("TOP-UP", prepaid=True)
    terms = LineTerms(product=item, unit_price=Decimal(100), prepaid_service=service)
    document = make_document(account, terms, actor=finance)
    if released:
        release(document, actor=finance)
    now_prepaid(item, False)
    sold = post_document(document, actor=finance)
    assert trial_balance()["2410"] == {"USD": -100, "LCY": -100}
    now_prepaid(item)
    memo = create_credit_memo(sold, reason="Not as agreed", actor=finance)
    now_prepaid(item, False)
    post_document(memo, actor=finance)
    assert (roles(sold), roles(memo)) == ([Role.TOP_UP], [Role.TOP_UP])
    assert "2410" not in {code for code, sums in trial_balance().items() if any(sums.values())}
    nothing_amiss()


def test_usage_stays_usage_when_its_product_becomes_prepaid(account, service, finance):
    top_up(service, "1000.00", actor=finance)
    work = make_product("WORK")
    terms = LineTerms(product=work, quantity=Decimal(5), prepaid_service=service)
    document = make_document(account, terms, actor=finance)
    now_prepaid(work)
    used = post_document(document, actor=finance)
    post_document(create_credit_memo(used, reason="Not as agreed", actor=finance), actor=finance)
    assert roles(used) == [Role.USAGE, Role.BALANCE]
    nothing_amiss()


def test_what_is_made_of_a_quote_is_what_the_quote_offered(account, service, finance):
    work, recurring = make_product("WORK"), make_product("RECURRING")
    lines = [
        LineTerms(product=work, quantity=Decimal(5)),
        LineTerms(product=work, quantity=Decimal(2), prepaid_service=service),
        LineTerms(product=recurring),
    ]
    quote = make_document(account, *lines, type_=Type.QUOTE, actor=finance)
    now_prepaid(work)
    recurring.commitment_option = CommitmentOption.COMMITMENT_ITEM
    recurring.save()
    page = signed_in("finance").get(reverse("prepaid:document-convert", args=[quote.pk]))
    assert page.status_code == 200
    order = convert_quote(quote, actor=finance)
    invoice = invoice_order(order, actor=finance)
    assert roles(order) == roles(invoice) == [Role.SALE, Role.USAGE, Role.SALE]
    post_document(invoice, actor=finance)
    nothing_amiss()


def test_project_work_is_billed_as_work(account, finance):
    work, project = make_product("WORK"), make_project(account)
    create_project_entry(project, Work(product=work, quantity=Decimal(2), worked_on=TODAY), actor=finance)
    now_prepaid(work)
    assert roles(post_document(invoice_project(project, actor=finance), actor=finance)) == [Role.SALE]
    nothing_amiss()


def test_changing_a_line_decides_it_anew(account, service, finance):
    work = make_product("WORK")
    document = make_document(account, LineTerms(product=work, quantity=Decimal(2)), actor=finance)
    line = edit_line(document.lines.get(), LineTerms(product=work, prepaid_service=service), actor=finance)
    assert line.role == Role.USAGE
    now_prepaid(work)
    with pytest.raises(BadDocument, match="its quantity is always 1"):
        edit_line(line, LineTerms(product=work, quantity=Decimal(2), prepaid_service=service), actor=finance)
    line = edit_line(line, LineTerms(product=work, prepaid_service=service), actor=finance)
    assert line.role == Role.TOP_UP


def test_a_line_is_what_its_columns_allow(account, service, finance):
    item, work = make_product("TOP-UP", prepaid=True), make_product("WORK")
    lines = [
        LineTerms(product=item, prepaid_service=service),
        LineTerms(product=work, prepaid_service=service),
        LineTerms(product=work),
    ]
    document = make_document(account, *lines, actor=finance)
    topped, usage, sale = document.lines.order_by("line_no").values_list("pk", flat=True)
    used = use(make_service(account, actor=finance), "10.00", actor=finance)
    credited = create_credit_memo(used, reason="Not as agreed", actor=finance).lines.get().pk
    fits, line = "sales_line_is_what_its_role_says", "salesline"
    refused = [
        (fits, change(line, topped, quantity=2)),
        (fits, change(line, topped, role="balance")),
        (fits, change(line, topped, role="anything")),
        (fits, change(line, usage, role="sale")),
        (fits, change(line, usage, prepaid_service_id=None)),
        (fits, change(line, sale, role="usage")),
        ("sales_line_fits_its_document", change(line, sale, role="commitment")),
        ("sales_line_fits_its_document", change(line, credited, role="top_up")),
    ]
    assert let_in(refused) == []
