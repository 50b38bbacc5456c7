"""Two people invoice or deliver one order at once, over real connections: never more than was ordered."""

from decimal import Decimal

import pytest

from opportunities.services.project_entries import Work, create_project_entry
from prepaid.exceptions import MoreThanOrdered, NotConvertible, NothingToBill
from prepaid.models import DeliveryLine, SalesDocument, SalesLine
from prepaid.services.convert import convert_quote, invoice_order
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms
from prepaid.services.document_state import release
from prepaid.services.documents import delete_document
from prepaid.services.project_usage import invoice_project
from tests.builders import make_account, make_project, make_user
from tests.prepaid.selling import TODAY, make_company, make_document, make_product
from tests.racing import at_once, split

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
Type = SalesDocument.Type
D = Decimal


def test_two_people_at_one_order_one_quote_and_one_project():
    make_company()
    account, actor = make_account(), make_user()
    work = make_product("WORK")
    order = make_document(account, LineTerms(product=work, quantity=D(10)), type_=Type.ORDER)
    line = release(order, actor=actor).lines.get()
    draft = invoice_order(order, {line.pk: D(1)}, actor=actor)
    parts = [lambda: invoice_order(order, {line.pk: D(4)}, actor=actor)] * 4
    results = at_once([*parts, lambda: delete_document(draft, actor=actor)])
    assert split(results) == (3, [MoreThanOrdered])
    line.refresh_from_db()
    assert line.quantity_invoiced == 8 == sum(each.quantity for each in SalesLine.objects.filter(order_line=line))
    assert split(at_once([lambda: invoice_order(order, actor=actor)] * 3)) == (1, [NotConvertible])
    assert SalesDocument.objects.get(pk=order.pk).state == "done"

    results = at_once([lambda: deliver(order, {line.pk: D(3)}, actor=actor)] * 5)
    assert split(results) == (3, [MoreThanOrdered])
    assert sorted(DeliveryLine.objects.values_list("quantity", flat=True)) == [D(3)] * 3

    quote = make_document(account, LineTerms(product=work), type_=Type.QUOTE)
    assert split(at_once([lambda: convert_quote(quote, actor=actor)] * 4)) == (1, [NotConvertible])

    project = make_project(account)
    create_project_entry(project, Work(product=work, quantity=D(1), worked_on=TODAY), actor=actor)
    assert split(at_once([lambda: invoice_project(project, actor=actor)] * 4)) == (1, [NothingToBill])
