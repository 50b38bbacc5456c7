"""Delivering an order in parts: what is counted, what a recurring item needs, and what the database holds."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from opportunities.models import CommitmentOption
from prepaid.exceptions import BadDocument, MoreThanOrdered, NotConvertible, ServiceClosed
from prepaid.models import Delivery, SalesDocument, SalesLine
from prepaid.services.convert import invoice_order
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms, delete_line, edit_line
from prepaid.services.document_state import reopen
from prepaid.services.documents import delete_document
from prepaid.services.services import close_service
from tests.builders import make_account, trial_balance
from tests.prepaid.selling import TODAY, make_document, make_package, make_product, make_service

pytestmark = pytest.mark.django_db
Type = SalesDocument.Type
D = Decimal


@pytest.fixture
def cable(company):
    return make_product("CABLE", inventory=True, unit_of_measure="M")


@pytest.fixture
def recurring(company):
    product = make_product("HOURS", prepaid=True, commitment_option=CommitmentOption.COMMITMENT_ITEM)
    make_package("MONTHLY", sold_with=product)
    return product


@pytest.fixture
def order(account, cable, finance):
    """10 m of cable, open."""
    return make_document(account, LineTerms(product=cable, quantity=D(10)), type_=Type.ORDER, actor=finance)


def shipped(order) -> list[Decimal]:
    return list(order.lines.order_by("line_no").values_list("quantity_shipped", flat=True))


def state(order) -> str:
    return SalesDocument.objects.get(pk=order.pk).state


def test_part_deliveries_come_to_the_order_and_nothing_is_posted(order, finance):
    (line,) = order.lines.all()
    first = deliver(order, {line.pk: D("2.5")}, on=TODAY - datetime.timedelta(days=1), actor=finance)
    assert (state(order), shipped(order)) == ("released", [D("2.5")])
    second = deliver(order, {line.pk: D(4)}, actor=finance)
    third = deliver(order, actor=finance)
    assert [each.number for each in (first, second, third)] == ["DN-000001", "DN-000002", "DN-000003"]
    assert [each.delivered_on for each in (first, third)] == [TODAY - datetime.timedelta(days=1), TODAY]
    assert [each.lines.get().quantity for each in (first, second, third)] == [D("2.5"), D(4), D("3.5")]
    assert shipped(order) == [D(10)]
    assert (trial_balance(), third.created_by) == ({}, finance)
    with pytest.raises(NotConvertible, match="Everything of SO-000001 is delivered"):
        deliver(order, actor=finance)


def test_an_order_waits_for_goods_and_not_for_services(account, order, finance):
    invoice_order(order, actor=finance)
    assert state(order) == "released"  # the cable is invoiced and not delivered
    deliver(order, actor=finance)
    assert state(order) == "done"
    work = make_document(account, LineTerms(product=make_product("WORK"), quantity=D(2)), type_=Type.ORDER)
    invoice_order(work, actor=finance)
    assert state(work) == "done"
    deliver(work, actor=finance)
    assert (shipped(work), state(work)) == ([D(2)], "done")


def test_what_cannot_be_delivered_is_refused(account, order, finance):
    (line,) = order.lines.all()
    with pytest.raises(MoreThanOrdered, match="10.5 cannot be delivered, 10 of 10 is left".replace(".", r"\.")):
        deliver(order, {line.pk: D("10.5")}, actor=finance)
    with pytest.raises(BadDocument, match="-1 cannot be delivered"):
        deliver(order, {line.pk: D(-1)}, actor=finance)
    with pytest.raises(NotConvertible, match="Nothing was chosen"):
        deliver(order, {line.pk: D(0)}, actor=finance)
    with pytest.raises(BadDocument, match="25 Nov 2026 has not come") as refused:
        deliver(order, on=TODAY + datetime.timedelta(days=1), actor=finance)
    assert refused.value.field == "delivered_on"
    with pytest.raises(NotConvertible, match="is not an order"):
        deliver(make_document(account, type_=Type.QUOTE), actor=finance)
    with pytest.raises(BadDocument, match="has no lines"):
        deliver(make_document(account, type_=Type.ORDER), actor=finance)
    assert (Delivery.objects.count(), shipped(order), state(order)) == (0, [D(0)], "open")


def test_a_recurring_item_needs_its_prepaid_service(account, recurring, cable, finance):
    hours = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR")
    once = make_service(account)

    def ordered(service=None):
        lines = [LineTerms(product=recurring, prepaid_service=service), LineTerms(product=cable)]
        return make_document(account, *lines, type_=Type.ORDER, actor=finance)

    missing = ordered()
    item, goods = missing.lines.order_by("line_no")
    with pytest.raises(BadDocument, match="Line 1, Hours: choose the prepaid service that its contract tops up"):
        deliver(missing, actor=finance)
    assert deliver(missing, {goods.pk: D(1)}, actor=finance).lines.get().line == goods  # the rest can go
    with pytest.raises(BadDocument, match="is one-time. A contract tops up a periodic one".replace(".", r"\.")):
        deliver(ordered(once), actor=finance)
    reopen(missing, actor=finance)
    edit_line(item, LineTerms(product=recurring, prepaid_service=hours), actor=finance)
    assert deliver(missing, actor=finance).lines.get().line == item
    closing = make_service(account, accrual="periodic")
    late = ordered(closing)
    deliver(late, {late.lines.get(line_no=2).pk: D(1)}, actor=finance)
    close_service(closing, actor=finance)
    with pytest.raises(ServiceClosed):
        deliver(late, actor=finance)


def test_a_subscription_that_tops_nothing_up_needs_none(account, finance):
    plain = make_product("LICENCE", commitment_option=CommitmentOption.COMMITMENT_ITEM)
    make_package("YEARLY", {"base_period": "1Y", "rhythm": "1Y"}, sold_with=plain)
    order = make_document(account, LineTerms(product=plain, quantity=D(3)), type_=Type.ORDER, actor=finance)
    deliver(order, actor=finance)
    assert (shipped(order), state(order)) == ([D(3)], "done")


def test_what_was_delivered_stays_on_the_order(order, finance):
    (line,) = order.lines.all()
    deliver(order, {line.pk: D(4)}, actor=finance)
    with pytest.raises(BadDocument, match="was delivered"):
        delete_document(order, actor=finance)
    reopen(order, actor=finance)
    with pytest.raises(BadDocument, match="delivered or invoiced in part"):
        delete_line(line, actor=finance)
    with pytest.raises(BadDocument, match="the same product"):
        edit_line(line, LineTerms(product=make_product("OTHER"), quantity=D(5)), actor=finance)
    assert edit_line(line, LineTerms(product=line.product, quantity=D(5)), actor=finance).quantity == 5


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("UPDATE prepaid_delivery SET delivered_on = '2026-01-01'", "append-only"),
        ("DELETE FROM prepaid_deliveryline", "append-only"),
        ("UPDATE prepaid_salesline SET quantity_shipped = 5 WHERE id = %(line)s", "order_line_is_explained"),
        ("UPDATE prepaid_salesline SET quantity_invoiced = 0 WHERE id = %(line)s", "order_line_is_explained"),
        ("UPDATE prepaid_salesline SET quantity_invoiced = 11 WHERE id = %(line)s", "no_more_than_ordered"),
        ("UPDATE prepaid_salesline SET quantity = 1 WHERE order_line_id = %(line)s", "order_line_is_explained"),
        ("DELETE FROM prepaid_salesline WHERE order_line_id = %(line)s", "order_line_is_explained"),
        ("UPDATE prepaid_salesline SET order_line_id = %(other)s WHERE order_line_id = %(line)s", "of_its_order"),
        (
            "INSERT INTO prepaid_deliveryline (delivery_id, line_id, quantity) "
            "SELECT id, %(other)s, 1 FROM prepaid_delivery",
            "delivery_line_of_its_order",
        ),
    ],
)
def test_the_database_holds_what_was_counted(account, order, cable, finance, sql, constraint):
    (line,) = order.lines.all()
    deliver(order, {line.pk: D(4)}, actor=finance)
    invoice_order(order, {line.pk: D(6)}, actor=finance)
    stranger = make_document(make_account("Another"), LineTerms(product=cable, quantity=D(9)), type_=Type.ORDER)
    keys = {"line": line.pk, "other": stranger.lines.get().pk}
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        connection.cursor().execute(sql, keys)
        connection.check_constraints()
    assert constraint in f"{refused.value} {refused.value.__cause__.diag.constraint_name}"
    assert SalesLine.objects.get(pk=line.pk).quantity_invoiced == 6


def test_a_top_up_is_delivered_as_a_whole(account, service, finance):
    item = make_product("TOP-UP", prepaid=True)
    top_up = LineTerms(product=item, unit_price=D(100), prepaid_service=service)
    order = make_document(account, top_up, type_=Type.ORDER, actor=finance)
    (line,) = order.lines.all()
    for make in (deliver, invoice_order):
        with pytest.raises(BadDocument, match="as a whole") as refusal:
            make(order, {line.pk: D("0.5")}, actor=finance)
        assert refusal.value.field == f"quantity_{line.pk}"
    deliver(order, {line.pk: D(1)}, actor=finance)
    assert shipped(order) == [D(1)]
