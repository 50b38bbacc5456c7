"""What the database refuses about packages, service objects, commitments, their prices and contracts, whoever asks."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection

from opportunities.models import CommitmentOption
from prepaid.models import (
    CommitmentTemplate,
    CustomerContract,
    LineCommitment,
    PackageLine,
    ProductPackage,
    ServiceCommitment,
    ServiceObject,
)
from prepaid.services.contracts.packages import TemplateTerms, create_template
from prepaid.services.contracts.prices import set_price
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms
from tests.builders import make_account
from tests.prepaid.contracting import Price, agree, bill_until, make_budget, make_contract, make_hours, make_item
from tests.prepaid.raw import change, copy, delete, let_in, refusal_of
from tests.prepaid.selling import make_document, make_package, make_product, make_service

pytestmark = pytest.mark.django_db
D = datetime.date
BAD_TERMS = (
    ("single_terms", {"base_period": "1H"}),
    ("single_terms", {"rhythm": "1X"}),
    ("single_terms", {"initial_term": "0M"}),
    ("single_terms", {"initial_term": "1M+1D"}),
    ("single_terms", {"notice_period": "soon"}),
    ("single_terms", {"initial_term": "1Y", "extension_term": "1y"}),
    ("extends_a_term", {"extension_term": "1Y"}),
    ("percent_not_negative", {"base_percent": -1}),
    ("rhythm_divides", {"base_period": "2M", "rhythm": "3M"}),
    ("rhythm_divides", {"base_period": "1M", "rhythm": "30D"}),
    ("rhythm_divides", {"base_period": "2W", "rhythm": "1M"}),
)


def coded(table: str, code: str, **changes):
    """A new row of a table whose key is a code."""
    names = ", ".join(["code", *changes])
    return f"INSERT INTO prepaid_{table} ({names}) VALUES ({', '.join(['%s'] * (1 + len(changes)))})", [
        code,
        *changes.values(),
    ]


class World:
    """An order of an item with a package of one line, delivered; a contract with a billed commitment and one that is not."""

    def __init__(self, account, finance):
        self.account, self.other = account, make_account("Marlowe")
        create_template(TemplateTerms(code="MONTHLY", description="Monthly"), actor=None)
        self.item = make_item()
        self.package = make_package("SUPPORT", sold_with=self.item)
        self.hours = make_hours(account)
        order = make_document(
            account, LineTerms(product=self.item, prepaid_service=self.hours), type_="order", actor=finance
        )
        deliver(order, actor=finance)
        self.agreed = LineCommitment.objects.get().pk
        self.line, self.assigned = PackageLine.objects.get().pk, ProductPackage.objects.get().pk
        self.object = ServiceObject.objects.get().pk
        self.free = ServiceCommitment.objects.get().pk
        billed = agree(account, starts_on=D(2026, 10, 1), service=make_budget(account))
        set_price(billed, Price(price=Decimal(130)), from_on=D(2026, 12, 1), actor=finance)
        bill_until(D(2026, 10, 31), actor=finance)
        self.billed, self.contract = billed.pk, billed.contract_id
        self.first, self.later = billed.prices.order_by("from_on").values_list("pk", flat=True)
        connection.check_constraints()


@pytest.fixture
def world(account, finance):
    return World(account, finance)


@pytest.mark.parametrize(
    ("table", "name", "row"),
    [
        ("packageline", "package_line", "line"),
        ("linecommitment", "line_commitment", "agreed"),
        ("servicecommitment", "service_commitment", "free"),
    ],
)
def test_agreed_terms_are_single_and_divide_wherever_they_stand(world, table, name, row):
    """package_line_…, line_commitment_…, service_commitment_…"""
    rules = [f"{name}_{rule}" for rule, _ in BAD_TERMS]
    assert let_in(
        (rule, change(table, getattr(world, row), **terms)) for rule, (_, terms) in zip(rules, BAD_TERMS, strict=True)
    ) == []  # fmt: skip
    for base, rhythm in (("1M", "1Y"), ("1Y", "1Q"), ("2W", "28D"), ("30D", "10D")):
        assert refusal_of(change(table, getattr(world, row), base_period=base, rhythm=rhythm)) is None


# The names that the test above puts together.
TERM_RULES = {
    "package_line_single_terms", "package_line_extends_a_term", "package_line_percent_not_negative",
    "package_line_rhythm_divides",
    "line_commitment_single_terms", "line_commitment_extends_a_term", "line_commitment_percent_not_negative",
    "line_commitment_rhythm_divides",
    "service_commitment_single_terms", "service_commitment_extends_a_term", "service_commitment_percent_not_negative",
    "service_commitment_rhythm_divides",
}  # fmt: skip


def test_the_names_of_the_rules_of_terms():
    models = {"package_line": PackageLine, "line_commitment": LineCommitment, "service_commitment": ServiceCommitment}
    beginnings = ("single_terms", "extends_a_term", "percent_not_negative")
    found = {
        constraint.name
        for name, model in models.items()
        for constraint in model._meta.constraints
        if constraint.name.removeprefix(f"{name}_") in beginnings
    }
    assert found == {rule for rule in TERM_RULES if not rule.endswith("rhythm_divides")}


def test_each_constraint_of_the_catalogue(world):
    template = {
        "description": "x", "invoicing_via": "contract", "base_percent": 100, "base_period": "1M",
    }  # fmt: skip
    assert let_in([
        ("commitment_template_terms", coded("commitmenttemplate", "", **template)),
        ("commitment_template_terms", coded("commitmenttemplate", "X", **template | {"base_period": "1X"})),
        ("commitment_template_terms", coded("commitmenttemplate", "X", **template | {"base_percent": -1})),
        ("commitment_package_has_code", coded("commitmentpackage", "", description="x")),
        ("package_line_numbered", copy("packageline", world.line)),
        ("product_package_once", copy("productpackage", world.assigned)),
        ("line_commitment_once", copy("linecommitment", world.agreed)),
    ]) == []  # fmt: skip
    assert CommitmentTemplate.objects.count() == 1


def test_a_package_that_serves_no_prepaid_item_is_sold_with_none(world):
    """By no way that leads there: the line changed or deleted, the package assigned, the product made a prepaid service."""
    useless = make_package("VENDOR", {"partner": "vendor"})
    plain = make_product("PLAIN", commitment_option=CommitmentOption.COMMITMENT_ITEM)
    make_package("HALF", {"base_percent": Decimal(50)}, sold_with=plain)
    invoicing = make_product("INV", commitment_option=CommitmentOption.INVOICING_ITEM)
    connection.check_constraints()
    prepaid = "UPDATE opportunities_product SET prepaid_service = true WHERE id = %s"
    assert let_in([
        ("package_serves_prepaid_item", change("packageline", world.line, partner="vendor")),
        ("package_serves_prepaid_item", change("packageline", world.line, invoicing_via="sales")),
        ("package_serves_prepaid_item", change("packageline", world.line, base_percent=99)),
        ("package_serves_prepaid_item", change("packageline", world.line, invoicing_item_id=invoicing.pk)),
        ("package_serves_prepaid_item", change("packageline", world.line, package_id=useless.pk, line_no=9)),
        ("package_serves_prepaid_item", delete("packageline", world.line)),
        ("package_serves_prepaid_item", copy("productpackage", world.assigned, package_id=useless.pk)),
        ("package_serves_prepaid_item", change("productpackage", world.assigned, package_id=useless.pk)),
        ("package_serves_prepaid_item", (prepaid, [plain.pk])),
    ]) == []  # fmt: skip
    assert refusal_of(change("packageline", world.line, description="Another")) is None


def test_each_constraint_of_an_object(world):
    assert let_in([
        ("service_object_numbered_quantity", change("serviceobject", world.object, number="")),
        ("service_object_numbered_quantity", change("serviceobject", world.object, quantity=0)),
        ("service_object_fixed_once_used", change("serviceobject", world.object, account_id=world.other.pk)),
        ("service_object_fixed_once_used", change("serviceobject", world.object, product_id=make_item("X").pk)),
        ("delivery_line_id", copy("serviceobject", world.object, number="SVO-9")),
        ("prepaid_serviceobject_number", copy("serviceobject", world.object, delivery_line_id=None)),
    ]) == []  # fmt: skip


def test_what_a_commitment_tops_up_stays_such_a_service(world):
    service = ServiceCommitment.objects.get(pk=world.billed).prepaid_service_id
    fixed = "prepaid_service_fixed_while_topped_up"
    assert let_in([
        (fixed, change("prepaidservice", service, account_id=world.other.pk)),
        (fixed, change("prepaidservice", service, accrual="one_time")),
        (fixed, change("prepaidservice", service, type="quantity")),
        (fixed, change("prepaidservice", service, currency_id="EUR")),
        (fixed, change("prepaidservice", service, currency_id=None)),
    ]) == []  # fmt: skip
    assert refusal_of(change("prepaidservice", service, description="Another")) is None


def test_each_constraint_of_a_commitment(world):
    commitment, free, billed = "servicecommitment", world.free, world.billed
    foreign = make_hours(world.other).pk
    euro = make_budget(world.account)
    euro.currency_id = "EUR"
    euro.save()
    abroad = make_contract(world.account, currency="EUR").pk
    theirs = make_contract(world.other).pk
    assert let_in([
        ("service_commitment_anchor", change(commitment, free, anchor_on="2026-12-01")),
        ("service_commitment_ends_after_start", change(commitment, free, ends_on="2026-11-23")),
        ("service_commitment_billed_by_contract",
         change(commitment, free, contract_id=world.contract, partner="vendor", prepaid_service_id=None)),
        ("service_commitment_billed_by_contract",
         change(commitment, free, contract_id=world.contract, invoicing_via="sales", prepaid_service_id=None)),
        ("service_commitment_tops_up", change(commitment, free, partner="vendor")),
        ("service_commitment_tops_up", change(commitment, free, base_percent=50)),
        ("service_commitment_tops_up", change(commitment, free, invoicing_item_id=world.item.pk)),
        ("service_commitment_fits", change(commitment, free, prepaid_service_id=foreign)),
        ("service_commitment_fits", change(commitment, free, prepaid_service_id=make_service(world.account).pk)),
        ("service_commitment_fits", change(commitment, free, prepaid_service_id=euro.pk)),
        ("service_commitment_fits", change(commitment, free, contract_id=abroad)),
        ("service_commitment_fits", change(commitment, free, contract_id=theirs)),
        ("service_commitment_fits", copy(commitment, free, contract_id=theirs)),
        *(("service_commitment_fixed_once_billed", change(commitment, billed, **{name: value})) for name, value in (
            ("object_id", world.object), ("currency_id", "EUR"), ("starts_on", "2026-10-02"),
            ("anchor_on", "2026-09-01"), ("base_period", "1Q"), ("contract_id", None),
            ("contract_id", make_contract(world.account).pk),
        )),
        ("service_commitment_fixed_once_billed",
         change(commitment, billed, invoicing_via="sales", prepaid_service_id=None)),
    ]) == []  # fmt: skip
    assert refusal_of(change(commitment, billed, rhythm="1Q", ends_on="2026-12-31", description="Another")) is None


def test_the_next_billing_date_is_worked_out_whatever_is_written(world):
    free, billed = (ServiceCommitment.objects.get(pk=pk) for pk in (world.free, world.billed))
    assert (free.next_billing_on, billed.next_billing_on) == (D(2026, 11, 24), D(2026, 11, 1))
    with connection.cursor() as cursor:
        for pk in (world.free, world.billed):
            cursor.execute(*change("servicecommitment", pk, next_billing_on="2030-01-01"))
        cursor.execute(*change("servicecommitment", world.free, starts_on="2026-12-01"))
        cursor.execute(*copy("servicecommitment", world.free, next_billing_on="2030-01-01", starts_on="2026-12-24"))
    for commitment in (free, billed):
        commitment.refresh_from_db()
    copied = ServiceCommitment.objects.latest("pk")
    found = [each.next_billing_on for each in (free, billed, copied)]
    assert found == [D(2026, 12, 1), D(2026, 11, 1), D(2026, 12, 24)]


def test_each_constraint_of_a_price(world):
    price, later = "commitmentprice", world.later
    assert let_in([
        ("commitment_price_of_a_day_once", copy(price, later)),
        ("commitment_price_not_negative", change(price, later, price=-1)),
        ("commitment_price_not_negative", change(price, later, quantity=0)),
        ("commitment_price_not_negative", change(price, later, quantity_per_period=0)),
        ("commitment_price_not_negative", change(price, later, discount_percent=101)),
        ("commitment_price_of_billed_days_stays", change(price, world.first, price=1)),
        ("commitment_price_of_billed_days_stays", change(price, world.first, from_on="2026-11-15")),
        ("commitment_price_of_billed_days_stays", delete(price, world.first)),
        ("commitment_price_of_billed_days_stays", change(price, later, from_on="2026-10-31")),
        ("commitment_price_of_billed_days_stays", copy(price, later, from_on="2026-10-15")),
    ]) == []  # fmt: skip
    for statement in (change(price, later, from_on="2026-11-01"), delete(price, later)):
        assert refusal_of(statement) is None


def test_each_constraint_of_a_contract(world):
    contract, number = "customercontract", CustomerContract.objects.get(pk=world.contract).number
    assert let_in([
        ("customer_contract_has_number", change(contract, world.contract, number="")),
        ("prepaid_customercontract_number", copy(contract, world.contract, number=number)),
        ("customer_contract_fixed_once_used", change(contract, world.contract, account_id=world.other.pk)),
        ("customer_contract_fixed_once_used", change(contract, world.contract, currency_id="EUR")),
    ]) == []  # fmt: skip
    assert refusal_of(change(contract, world.contract, bill_to_id=world.other.pk, closed=True)) is None


def test_what_people_change_is_on_the_change_log(world):
    tables = (
        "commitmenttemplate", "commitmentpackage", "packageline", "productpackage", "linecommitment", "customercontract",
        "serviceobject", "servicecommitment", "commitmentprice",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute('SELECT DISTINCT "table" FROM ledger_changelogentry')
        logged = {table for (table,) in cursor.fetchall()}
    assert {f"prepaid_{table}" for table in tables} <= logged
