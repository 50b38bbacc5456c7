"""What the database refuses about sales documents, their lines and deliveries, whoever asks."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from prepaid.models import SalesDocument, SalesLine
from prepaid.services.convert import invoice_order
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms
from prepaid.services.document_state import release
from tests.builders import make_account
from tests.prepaid.raw import change, copy, delete, let_in
from tests.prepaid.selling import make_document, make_product, make_service, top_up, usage, use

pytestmark = pytest.mark.django_db
D = datetime.date


class World:
    """A posted invoice of usage and its unposted credit memo; an open invoice; an order of 4, of which 1 is delivered."""

    def __init__(self, account, finance):
        self.account, self.other = account, make_account("Marlowe")
        self.service = make_service(account, actor=finance)
        self.foreign = make_service(self.other, actor=finance).pk
        top_up(self.service, "500.00", actor=finance)
        self.posted = use(self.service, "80.00", actor=finance)
        self.memo = create_credit_memo(self.posted, reason="Not done", actor=finance).pk
        self.open = usage(self.service, "20.00", actor=finance).pk
        self.top_up_item = make_product("MORE", prepaid=True).pk
        cable = LineTerms(product=make_product("CABLE"), quantity=Decimal(4))
        self.order = release(make_document(account, cable, type_="order", actor=finance), actor=finance)
        self.ordered = self.order.lines.get()
        self.delivery = deliver(self.order, {self.ordered.pk: Decimal(1)}, actor=finance)
        self.sold, self.balance = self.posted.lines.order_by("line_no").values_list("pk", flat=True)
        self.line = SalesLine.objects.get(document=self.open).pk
        connection.check_constraints()


@pytest.fixture
def world(account, finance):
    return World(account, finance)


def test_each_constraint_of_a_document(world):
    document = "salesdocument"
    posted = {"number": "new", "posted_number": "INV-9", "sequence": 9}
    assert let_in([
        ("sales_document_has_number", change(document, world.open, number="")),
        ("sales_document_posted_has_its_number", change(document, world.open, state="posted")),
        ("sales_document_posted_has_its_number", change(document, world.open, posted_number="INV-9")),
        ("sales_document_posted_has_its_number", change(document, world.open, sequence=9)),
        ("sales_document_posted_has_its_number", copy(document, world.posted.pk, **posted, exchange_rate=None)),
        ("sales_document_posted_has_its_number", copy(document, world.posted.pk, **posted, business_group_id=None)),
        ("sales_document_posted_has_its_number", copy(document, world.posted.pk, **posted | {"sequence": 0})),
        ("sales_document_posted_has_its_number", copy(document, world.posted.pk, **posted, type="order")),
        ("sales_document_done_was_to_be_made_into", change(document, world.open, state="done")),
        ("sales_document_credit_memo_corrects", change(document, world.memo, corrects_id=None)),
        ("sales_document_credit_memo_corrects", change(document, world.open, corrects_id=world.posted.pk)),
        ("sales_document_credit_memo_has_reason", change(document, world.memo, reason="")),
        ("sales_document_posted_number_once",
         copy(document, world.posted.pk, **posted | {"posted_number": world.posted.posted_number})),
        ("sales_document_sequence_once", copy(document, world.posted.pk, **posted | {"sequence": world.posted.sequence})),
        ("sales_line_fits_its_document", change(document, world.open, account_id=world.other.pk)),
    ]) == []  # fmt: skip


def test_a_posted_document_and_its_lines_are_final(world):
    posted = world.posted.pk
    assert let_in([
        ("sales_document_posted_is_final", change("salesdocument", posted, text="Something else")),
        ("sales_document_posted_is_final", change("salesdocument", posted, state="open")),
        ("sales_document_posted_is_final", delete("salesdocument", posted)),
        ("sales_document_posted_is_final", change("salesline", world.sold, net=1)),
        ("sales_document_posted_is_final", change("salesline", world.balance, description="Something else")),
        ("sales_document_posted_is_final", delete("salesline", world.sold)),
        ("sales_document_posted_is_final", copy("salesline", world.sold, line_no=9)),
        ("sales_document_posted_is_final", change("salesline", world.sold, document_id=world.open)),
        ("sales_document_posted_is_final", change("salesline", world.line, document_id=posted, line_no=9)),
    ]) == []  # fmt: skip


def test_each_constraint_of_a_line(world):
    line = "salesline"
    balance = {"kind": "balance", "role": "balance", "product_id": None, "quantity": -1, "net": -5, "line_no": 9}
    assert let_in([
        ("sales_line_numbered", copy(line, world.line)),
        ("sales_line_item_or_balance", change(line, world.line, product_id=None)),
        ("sales_line_item_or_balance", change(line, world.line, quantity=0)),
        ("sales_line_item_or_balance", change(line, world.line, unit_price=-1)),
        ("sales_line_item_or_balance", change(line, world.line, net=-1)),
        ("sales_line_item_or_balance", change(line, world.line, vat=-1)),
        ("sales_line_item_or_balance", change(line, world.line, by_hand=True)),
        ("sales_line_item_or_balance", change(line, world.line, covered_net=21)),
        ("sales_line_item_or_balance", change(line, world.line, covered_vat=1)),
        ("sales_line_item_or_balance", change(line, world.line, covered=-1)),
        ("sales_line_item_or_balance", copy(line, world.line, **balance | {"net": 5})),
        ("sales_line_item_or_balance", copy(line, world.line, **balance | {"quantity": -2})),
        ("sales_line_item_or_balance", copy(line, world.line, **balance, prepaid_service_id=None)),
        ("sales_line_item_or_balance", copy(line, world.line, **balance, discount_percent=5)),
        ("sales_line_discount", change(line, world.line, discount_percent="100.001")),
        ("sales_line_discount", change(line, world.line, discount_percent=-1)),
        ("sales_line_no_more_than_ordered", change(line, world.ordered.pk, quantity_shipped=5)),
        ("sales_line_no_more_than_ordered", change(line, world.ordered.pk, quantity_invoiced=-1)),
        ("sales_line_fits_its_document", change(line, world.line, prepaid_service_id=world.foreign)),
        ("sales_line_fits_its_document", change(line, world.line, role="commitment")),
        ("sales_line_is_what_its_role_says", change(line, world.line, role="top_up", quantity=2)),
    ]) == []  # fmt: skip


def test_a_line_of_an_order_is_invoiced_for_its_own_account(world, finance):
    invoice = invoice_order(world.order, {world.ordered.pk: Decimal(2)}, actor=finance)
    stranger = make_document(world.other, type_="invoice", actor=finance)
    line, work = invoice.lines.get().pk, SalesLine.objects.get(pk=world.line).product_id
    assert let_in([
        ("sales_line_of_its_order", copy("salesline", line, document_id=stranger.pk)),
        ("sales_line_of_its_order", change("salesline", line, product_id=work)),
        ("order_line_is_explained", change("salesline", line, quantity=1)),
        ("order_line_is_explained", change("salesline", world.ordered.pk, quantity_invoiced=3)),
    ]) == []  # fmt: skip


def test_each_constraint_of_a_delivery(world):
    note = world.delivery.lines.get().pk
    assert let_in([
        ("delivery_line_once", copy("deliveryline", note)),
        ("delivery_line_above_zero", copy("deliveryline", note, line_id=world.line, quantity=0)),
        ("append-only", change("deliveryline", note, quantity=2)),
        ("append-only", delete("deliveryline", note)),
        ("append-only", change("delivery", world.delivery.pk, number="DN-9")),
    ]) == []  # fmt: skip


@pytest.mark.usefixtures("ordinary_role")
def test_an_ordinary_role_changes_nothing_that_is_posted(world):
    for statement, why in (
        ("UPDATE prepaid_salesdocument SET text = 'x' WHERE state = 'posted'", "is posted and stays"),
        ("DELETE FROM prepaid_salesline WHERE covered_net > 0", "is posted and stays"),
        ("TRUNCATE prepaid_delivery CASCADE", "append-only"),
    ):
        with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert SalesDocument.objects.filter(state="posted").count() == 2
