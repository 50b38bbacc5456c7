"""What the delivery of an order makes: service objects with their commitments, at the prices of the order."""

import datetime
from decimal import Decimal

import pytest

from opportunities.models import CommitmentOption
from prepaid.exceptions import BadDocument
from prepaid.models import SalesDocument, ServiceCommitment, ServiceObject
from prepaid.services.contracts.line_packages import remove_package
from prepaid.services.convert import invoice_order
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms
from tests.builders import make_account, make_rate, trial_balance
from tests.prepaid.contracting import make_budget, make_hours
from tests.prepaid.selling import TODAY, make_document, make_package, make_product, make_service

pytestmark = pytest.mark.django_db
Option, Type = CommitmentOption, SalesDocument.Type
D, day = Decimal, datetime.date


@pytest.fixture
def item(company):
    return make_product("LICENCE", commitment_option=Option.COMMITMENT_ITEM, price="99.99", unit_of_measure="SEAT")


@pytest.fixture
def hours(company):
    return make_product("HOURS", prepaid=True, commitment_option=Option.COMMITMENT_ITEM, price="125")


def ordered(account, *lines, actor=None, **header):
    return make_document(account, *lines, type_=Type.ORDER, actor=actor, **header)


def state(order) -> str:
    return SalesDocument.objects.get(pk=order.pk).state


def test_a_line_becomes_an_object_with_a_commitment_for_each_that_is_agreed(account, item, finance):
    licence = {
        "description": "Licence", "base_period": "1M", "rhythm": "1Q", "initial_term": "1Y", "extension_term": "1Y",
        "notice_period": "3M", "start_formula": "CM+1D",
    }  # fmt: skip
    support = {
        "description": "Support",
        "base_percent": D(20),
        "base_period": "1Y",
        "rhythm": "1Y",
        "initial_term": "2Y",
    }
    make_package("BASIC", licence, support, {"description": "Royalty", "partner": "vendor"}, sold_with=item)
    order = ordered(account, LineTerms(product=item, quantity=D(3), discount_percent=D(10)), actor=finance)
    delivery = deliver(order, on=TODAY, actor=finance)
    made = ServiceObject.objects.get()
    said = (made.number, made.account, made.product, made.description, made.quantity, made.unit_of_measure)
    assert said == ("SVO-000001", account, item, "Licence", 3, "SEAT")
    assert (made.provided_on, made.delivery_line, made.created_by) == (TODAY, delivery.lines.get(), finance)
    first, second, third = ServiceCommitment.objects.order_by("pk")
    assert (first.starts_on, first.ends_on, first.next_billing_on) == (day(2026, 12, 1), None, day(2026, 12, 1))
    assert (second.starts_on, second.ends_on) == (TODAY, day(2028, 11, 23))  # ends with its term
    for name, value in (licence | {"package_id": "BASIC", "currency_id": "USD", "contract": None}).items():
        assert getattr(first, name) == value, name
    prices = [(p.from_on, p.price, p.quantity, p.discount_percent, p.quantity_per_period)
              for each in (first, second) for p in each.prices.all()]  # fmt: skip
    assert prices == [
        (day(2026, 12, 1), D("99.99"), D(3), D(10), D(1)),
        (TODAY, D("20.00"), D(3), D(10), D(1)),  # 20 % of 99.99 is 19.998
    ]
    assert (third.partner, third.is_billed_by_contract) == ("vendor", False)
    assert (state(order), trial_balance()) == ("done", {})


def test_each_part_delivery_makes_its_own_object(account, item, finance):
    make_package("BASIC", sold_with=item)
    order = ordered(account, LineTerms(product=item, quantity=D(5)), actor=finance)
    sold = order.lines.get()
    deliver(order, {sold.pk: D(2)}, on=TODAY - datetime.timedelta(days=10), actor=finance)
    assert state(order) == "released"
    deliver(order, actor=finance)
    made = ServiceObject.objects.order_by("pk")
    assert [(each.quantity, each.provided_on) for each in made] == [(2, day(2026, 11, 14)), (3, TODAY)]
    assert [each.commitments.get().prices.get().quantity for each in made] == [2, 3]
    assert state(order) == "done"


def test_the_first_commitment_that_can_tops_up_the_prepaid_service(account, hours, finance):
    make_package(
        "SUPPORT", {"description": "Half", "base_percent": D(50)}, {"description": "Full"}, {"description": "Again"},
        sold_with=hours,
    )  # fmt: skip
    service = make_hours(account)
    deliver(ordered(account, LineTerms(product=hours, quantity=D(10), prepaid_service=service)), actor=finance)
    topped_up = dict(ServiceCommitment.objects.values_list("description", "prepaid_service"))
    assert topped_up == {"Half": None, "Full": service.pk, "Again": None}


def test_a_commitment_item_without_any_package_is_refused(account, item, finance):
    order = ordered(account, LineTerms(product=item), actor=finance)
    with pytest.raises(BadDocument, match="Line 1, Licence: it is a service commitment item and has no package"):
        deliver(order, actor=finance)
    package = make_package("BASIC", sold_with=item)
    other = ordered(account, LineTerms(product=item), actor=finance)
    remove_package(other.lines.get(), package, actor=None)
    with pytest.raises(BadDocument, match="Add a package to the line first"):
        deliver(other, actor=finance)
    assert not ServiceObject.objects.exists()


def test_what_is_agreed_has_to_top_up_the_service_of_the_line(account, item, finance):
    make_package("BASIC", {"description": "Half", "base_percent": D(50)}, sold_with=item)
    service = make_budget(account)
    order = ordered(account, LineTerms(product=item, prepaid_service=service), actor=finance)
    with pytest.raises(
        BadDocument, match=f"nothing agreed tops up {service}: of BASIC: Half, its calculation base is 50"
    ):
        deliver(order, actor=finance)
    once = ordered(account, LineTerms(product=item, prepaid_service=make_service(account)), actor=finance)
    with pytest.raises(BadDocument, match=r"is one-time. A contract tops up a periodic one"):
        deliver(once, actor=finance)


def test_a_start_formula_that_leaves_the_calendar_is_refused_with_its_line(account, item, finance):
    make_package("BASIC", {"start_formula": "7980Y"}, sold_with=item)
    order = ordered(account, LineTerms(product=item), actor=finance)
    with pytest.raises(BadDocument, match="Line 1, Basic: “7980Y”: at character 1"):
        deliver(order, actor=finance)
    assert (state(order), ServiceObject.objects.count()) == ("open", 0)


def test_what_is_sold_with_commitments_is_invoiced_as_usual_and_delivered_with_them(account, finance):
    phone = make_product("PHONE", commitment_option=Option.SALES_WITH, price="500")
    make_package("PLAN", {"base_percent": D(4)}, sold_with=phone)
    order = ordered(account, LineTerms(product=phone, quantity=D(2)), actor=finance)
    invoice = invoice_order(order, actor=finance)
    assert (invoice.lines.get().net, invoice.lines.get().role) == (D(1000), "sale")
    assert not ServiceObject.objects.exists()
    assert state(order) == "released"  # waits for its delivery
    deliver(order, actor=finance)
    price = ServiceObject.objects.get().commitments.get().prices.get()
    assert (price.price, price.quantity, state(order)) == (D(20), D(2), "done")
    plain = make_product("CASE", commitment_option=Option.SALES_WITH)
    order = ordered(account, LineTerms(product=plain), actor=finance)
    invoice_order(order, actor=finance)
    assert state(order) == "done"  # nothing is agreed: nothing to wait for


def test_ordinary_lines_make_nothing(account, finance):
    cable = make_product("CABLE", inventory=True)
    deliver(ordered(account, LineTerms(product=cable), LineTerms(product=make_product("WORK"))), actor=finance)
    assert not ServiceObject.objects.exists()


def test_prices_are_those_of_the_document_in_its_currency(company, item, finance):
    make_rate("JPY", "0.0067")
    abroad = make_account("Osaka", currency="JPY")
    make_package("BASIC", {"base_percent": D("33.3333")}, sold_with=item)
    deliver(ordered(abroad, LineTerms(product=item, unit_price=D(1000)), actor=finance), actor=finance)
    commitment = ServiceCommitment.objects.get()
    assert (commitment.currency_id, commitment.prices.get().price) == ("JPY", D(333))
