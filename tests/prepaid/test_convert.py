"""From quote to order to invoices in parts: what is copied, counted, given back and refused."""

from decimal import Decimal

import pytest

from opportunities.models import CommitmentOption
from prepaid.exceptions import BadDocument, DocumentFixed, MoreThanOrdered, NotConvertible, NotPostable, ServiceClosed
from prepaid.models import SalesDocument, SalesLine
from prepaid.services import deliver
from prepaid.services.convert import convert_quote, invoice_order, left_out
from prepaid.services.document_lines import LineTerms, add_line, delete_line, edit_line
from prepaid.services.document_state import release, reopen
from prepaid.services.documents import Header, delete_document, edit_header
from prepaid.services.post_document import post_document
from prepaid.services.services import close_service
from tests.builders import make_account, trial_balance
from tests.prepaid.selling import TODAY, make_document, make_package, make_product, make_service

pytestmark = pytest.mark.django_db
State, Type = SalesDocument.State, SalesDocument.Type
D = Decimal


@pytest.fixture
def work(company):
    return make_product("WORK", unit_of_measure="HOUR")


@pytest.fixture
def topping(company):
    return make_product("TOP-UP", prepaid=True)


@pytest.fixture
def recurring(company):
    product = make_product("HOURS", prepaid=True, commitment_option=CommitmentOption.COMMITMENT_ITEM)
    make_package("MONTHLY", sold_with=product)
    return product


@pytest.fixture
def order(account, work, topping, service, finance):
    """10 hours at 100.00 less 10 %, and a top-up of 5,000.00; released."""
    lines = [
        LineTerms(product=work, quantity=D(10), discount_percent=D(10), description="Rollout"),
        LineTerms(product=topping, unit_price=D(5000), prepaid_service=service),
    ]
    made = make_document(account, *lines, type_=Type.ORDER, actor=finance, external_reference="PO 7", text="As agreed")
    return release(made, actor=finance)


def lines_of(document) -> list[SalesLine]:
    return list(document.lines.order_by("line_no"))


def net(document) -> Decimal:
    return SalesDocument.objects.with_totals().get(pk=document.pk).net


def state(document) -> str:
    return SalesDocument.objects.get(pk=document.pk).state


COPIED = ("product_id", "description", "quantity", "unit_of_measure", "unit_price", "discount_percent", "net", "vat",
          "product_group_id", "prepaid_service_id")  # fmt: skip


class TestQuote:
    def test_becomes_an_order_that_says_the_same_and_is_done(self, account, work, topping, service, finance):
        quote = make_document(
            account,
            LineTerms(product=work, quantity=D("1.5"), discount_percent=D(5), description="Rollout"),
            LineTerms(product=topping, unit_price=D(5000), prepaid_service=service),
            type_=Type.QUOTE, external_reference="RFQ 3", text="As discussed", bill_to=make_account("Payer"),
        )  # fmt: skip
        work.unit_price = D(777)
        work.save()
        order = convert_quote(quote, actor=finance)
        assert (order.type, order.state, order.number, order.made_from) == ("order", "open", "SO-000001", quote)
        assert (order.external_reference, order.text, order.bill_to) == ("RFQ 3", "As discussed", quote.bill_to)
        assert [[getattr(line, name) for name in COPIED] for line in lines_of(order)] == [
            [getattr(line, name) for name in COPIED] for line in lines_of(quote)
        ]
        assert state(quote) == State.DONE
        with pytest.raises(NotConvertible, match="SQ-000001 is done: SO-000001 was made from it"):
            convert_quote(quote, actor=finance)
        delete_document(order, actor=finance)
        assert state(quote) == State.RELEASED
        assert convert_quote(quote, actor=finance).number == "SO-000002"

    def test_becomes_an_invoice_unless_a_contract_bills_it(self, account, work, recurring, finance):
        quote = make_document(account, LineTerms(product=work), type_=Type.QUOTE)
        invoice = convert_quote(quote, into=Type.INVOICE, actor=finance)
        assert (invoice.type, net(invoice), state(quote)) == ("invoice", D(100), "done")
        other = make_document(account, LineTerms(product=recurring), type_=Type.QUOTE)
        with pytest.raises(NotConvertible, match="Line 1, Hours is a service commitment item, which its contract"):
            convert_quote(other, into=Type.INVOICE, actor=finance)
        assert convert_quote(other, actor=finance).type == Type.ORDER

    def test_is_refused_without_lines_and_for_what_is_no_quote(self, account, order, finance):
        with pytest.raises(NotConvertible, match="has no lines"):
            convert_quote(make_document(account, type_=Type.QUOTE), actor=finance)
        with pytest.raises(NotConvertible, match="SO-000001 is not a quote"):
            convert_quote(order, actor=finance)


class TestOrder:
    def test_part_invoices_come_to_the_order_which_is_done_with_the_last(self, order, finance):
        hours, top_up = lines_of(order)
        first = invoice_order(order, {hours.pk: D("2.5")}, actor=finance)
        second = invoice_order(order, {hours.pk: D("3.5"), top_up.pk: D(1)}, actor=finance)
        assert state(order) == State.RELEASED
        third = invoice_order(order, actor=finance)
        assert [line.quantity_invoiced for line in lines_of(order)] == [D(10), D(1)]
        assert [net(each) for each in (first, second, third)] == [D("225.00"), D("5315.00"), D("360.00")]
        assert sum(net(each) for each in (first, second, third)) == net(order) == D(5900)
        assert [each.external_reference for each in (first, second, third)] == ["PO 7"] * 3
        assert state(order) == State.DONE
        with pytest.raises(NotConvertible, match="Everything of SO-000001 that can be invoiced is invoiced"):
            invoice_order(order, actor=finance)

    def test_a_posted_invoice_from_an_order(self, order, service, finance):
        post_document(invoice_order(order, actor=finance), actor=finance)
        assert trial_balance() == {
            "1100": {"USD": D(5900), "LCY": D(5900)},
            "2410": {"USD": D(-5000), "LCY": D(-5000)},
            "4000": {"USD": D(-900), "LCY": D(-900)},
        }
        assert type(service).objects.with_balances().get(pk=service.pk).outstanding == 5000
        assert state(order) == State.DONE
        with pytest.raises(BadDocument, match="other documents were made from it"):
            delete_document(order, actor=finance)

    def test_never_more_than_ordered_is_invoiced(self, order, finance):
        hours, _ = lines_of(order)
        invoice = invoice_order(order, {hours.pk: D(6)}, actor=finance)
        with pytest.raises(MoreThanOrdered, match=r"Rollout: 4\.5 cannot be invoiced, 4 of 10 is left"):
            invoice_order(order, {hours.pk: D("4.5")}, actor=finance)
        (line,) = lines_of(invoice)
        with pytest.raises(MoreThanOrdered, match=r"4\.1 cannot be invoiced, 4 of 10 is left"):
            edit_line(line, LineTerms(product=line.product, quantity=D("10.1")), actor=finance)
        for quantity in ("-1", "0.00001"):
            with pytest.raises(BadDocument, match=f"{quantity} cannot be invoiced. Enter how much"):
                invoice_order(order, {hours.pk: D(quantity)}, actor=finance)
        with pytest.raises(NotConvertible, match="Nothing was chosen"):
            invoice_order(order, {hours.pk: D(0)}, actor=finance)
        assert [line.quantity_invoiced for line in lines_of(order)] == [D(6), D(0)]

    def test_what_a_draft_took_comes_back_when_it_is_changed_or_deleted(self, order, finance):
        invoice = invoice_order(order, actor=finance)
        hours, top_up = lines_of(invoice)
        assert state(order) == State.DONE
        edit_line(hours, LineTerms(product=hours.product, quantity=D(4)), actor=finance)
        assert [line.quantity_invoiced for line in lines_of(order)] == [D(4), D(1)]
        assert state(order) == State.RELEASED
        delete_line(top_up, actor=finance)
        assert [line.quantity_invoiced for line in lines_of(order)] == [D(4), D(0)]
        rest = invoice_order(order, actor=finance)
        assert state(order) == State.DONE
        delete_document(invoice, actor=finance)
        assert (state(order), [line.quantity_invoiced for line in lines_of(order)]) == ("released", [D(6), D(1)])
        delete_document(rest, actor=finance)
        assert [line.quantity_invoiced for line in lines_of(order)] == [D(0), D(0)]
        assert reopen(order, actor=finance).state == State.OPEN

    def test_a_line_keeps_its_product_and_the_documents_their_account(self, order, work, finance):
        invoice = invoice_order(order, actor=finance)
        hours = lines_of(invoice)[0]
        with pytest.raises(BadDocument, match="the same product"):
            edit_line(hours, LineTerms(product=make_product("OTHER"), quantity=D(1)), actor=finance)
        delete_line(lines_of(invoice)[1], actor=finance)
        with pytest.raises(BadDocument, match="stays with the account of the documents"):
            edit_header(invoice, Header(account=make_account("Another"), currency=invoice.currency), actor=finance)

    def test_an_order_cut_to_what_was_invoiced_is_done_when_it_is_released(self, order, finance):
        hours, top_up = lines_of(order)
        invoice_order(order, {hours.pk: D(4)}, actor=finance)
        reopen(order, actor=finance)
        with pytest.raises(BadDocument, match="4 of it is delivered or invoiced already"):
            edit_line(hours, LineTerms(product=hours.product, quantity=D(3)), actor=finance)
        edit_line(hours, LineTerms(product=hours.product, quantity=D(4)), actor=finance)
        delete_line(top_up, actor=finance)
        release(order, actor=finance)
        assert state(order) == State.DONE

    def test_an_open_order_is_released_by_it_and_its_lines_are_fixed(self, account, work, finance):
        order = make_document(account, LineTerms(product=work, quantity=D(2)), type_=Type.ORDER)
        (line,) = lines_of(order)
        invoice_order(order, {line.pk: D(1)}, actor=finance)
        assert state(order) == State.RELEASED
        with pytest.raises(DocumentFixed, match="Reopen it"):
            add_line(order, LineTerms(product=work), actor=finance)

    def test_a_commitment_item_is_left_out_with_the_reason(self, account, work, recurring, finance):
        budget = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR")
        lines = [LineTerms(product=work), LineTerms(product=recurring, quantity=D(2), prepaid_service=budget)]
        order = make_document(account, *lines, type_=Type.ORDER, actor=finance)
        item = lines_of(order)[1]
        assert [(line.pk, why) for line, why in left_out(order)] == [
            (item.pk, "it is a service commitment item, which its contract bills and no invoice.")
        ]
        with pytest.raises(NotConvertible, match="Line 2, Hours is a service commitment item"):
            invoice_order(order, {item.pk: D(1)}, actor=finance)
        assert [line.product_id for line in lines_of(invoice_order(order, actor=finance))] == [work.pk]
        assert state(order) == State.RELEASED  # it waits for the delivery of the commitment item
        deliver.deliver(order, {item.pk: D(1)}, actor=finance)
        assert state(order) == State.RELEASED
        deliver.deliver(order, {item.pk: D(1)}, actor=finance)
        assert state(order) == State.DONE
        alone = make_document(account, lines[1], type_=Type.ORDER)
        with pytest.raises(NotConvertible, match="has only service commitment items"):
            invoice_order(alone, actor=finance)

    def test_what_no_invoice_takes_is_refused_from_an_order_too(self, account, topping, service, finance):
        order = make_document(account, LineTerms(product=topping), type_=Type.ORDER)
        with pytest.raises(NotPostable, match="choose the prepaid service that it tops up"):
            invoice_order(order, actor=finance)
        closing = make_service(account)
        order = make_document(account, LineTerms(product=topping, prepaid_service=closing), type_=Type.ORDER)
        release(order, actor=finance)
        close_service(closing, actor=finance)
        with pytest.raises(ServiceClosed):
            invoice_order(order, actor=finance)
        with pytest.raises(NotConvertible, match="is not an order"):
            invoice_order(make_document(account, type_=Type.INVOICE), actor=finance)

    def test_many_lines_take_as_many_queries_as_few(self, account, work, finance, django_assert_max_num_queries):
        order = make_document(account, *[LineTerms(product=work)] * 12, type_=Type.ORDER, on=TODAY)
        with django_assert_max_num_queries(50):
            invoice_order(order, actor=finance)
