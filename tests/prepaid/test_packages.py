"""The catalogue of service commitments: templates, packages and products, what is refused, and what sales lines get of it."""

from decimal import Decimal

import pytest

from ledger.models import ChangeLogEntry
from opportunities.models import CommitmentOption, Product
from opportunities.services.products import Selling, edit_product
from prepaid.exceptions import BadPackage, DocumentFixed, NotConvertible
from prepaid.models import CommitmentPackage, CommitmentTemplate, LineCommitment, SalesDocument, SalesLine
from prepaid.services.contracts.line_packages import add_package, remove_package
from prepaid.services.contracts.packages import (
    LineOfPackage,
    TemplateTerms,
    add_package_line,
    assign_package,
    create_package,
    create_template,
    delete_package,
    delete_package_line,
    delete_template,
    edit_package,
    edit_package_line,
    edit_template,
    unassign_package,
)
from prepaid.services.convert import convert_quote
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms, add_line, edit_line
from prepaid.services.document_state import release
from tests.prepaid.selling import make_document, make_package, make_product

pytestmark = pytest.mark.django_db
Option, Type = CommitmentOption, SalesDocument.Type
D = Decimal


@pytest.fixture
def item(company):
    """What a contract bills, and what tops nothing up."""
    return make_product("LICENCE", commitment_option=Option.COMMITMENT_ITEM)


@pytest.fixture
def hours(company):
    """What a contract bills, and what tops up a prepaid service."""
    return make_product("HOURS", prepaid=True, commitment_option=Option.COMMITMENT_ITEM)


@pytest.fixture
def invoicing(company):
    return make_product("INV-SUPPORT", commitment_option=Option.INVOICING_ITEM)


def line(**terms) -> LineOfPackage:
    return LineOfPackage(terms={"description": "Support", **terms})


def agreed(sales_line: SalesLine) -> list[tuple[str, str]]:
    found = LineCommitment.objects.filter(line=sales_line).order_by("package", "line_no")
    return list(found.values_list("package", "description"))


def edited(product: Product, **selling) -> Product:
    now = Selling(**{name: getattr(product, name) for name in Selling.__dataclass_fields__} | selling)
    terms = {name: getattr(product, name) for name in ("code", "name", "unit_price", "currency", "product_group")}
    return edit_product(product, **terms, services_credits=None, selling=now, actor=None)


class TestCatalogue:
    def test_a_template_gives_a_new_line_its_values(self, company, invoicing, finance):
        terms = TemplateTerms(
            code=" support ", description="Support", base_percent=D(20), base_period="1 y", invoicing_item=invoicing
        )
        template = create_template(terms, actor=finance)
        assert (template.pk, template.base_period) == ("SUPPORT", "1Y")
        package = create_package("basic", "Basic", actor=finance)
        made = add_package_line(package, LineOfPackage(template=template), actor=finance)
        said = (made.description, made.base_percent, made.base_period, made.rhythm, made.invoicing_item)
        assert said == ("Support", D(20), "1Y", "1Y", invoicing)
        other = LineOfPackage(template=template, terms={"description": "Other", "rhythm": "6m"})
        second = add_package_line(package, other, actor=finance)
        assert (second.line_no, second.description, second.rhythm, second.template) == (2, "Other", "6M", template)
        edit_template(template, TemplateTerms(code="SUPPORT", description="Support", base_percent=D(30)), actor=finance)
        made.refresh_from_db()
        assert made.base_percent == D(20)  # what begins with a template keeps what it says
        with pytest.raises(BadPackage, match="SUPPORT is the template of line BASIC/1 Support"):
            delete_template(template, actor=finance)
        for each in (made, second):
            delete_package_line(each, actor=finance)
        delete_template(template, actor=finance)
        assert not CommitmentTemplate.objects.exists()
        logged = ChangeLogEntry.objects.filter(table="prepaid_packageline", kind="insert").first()
        assert (logged.actor, logged.action) == (finance, "Add package line")

    def test_codes_and_descriptions(self, company):
        package = create_package("support", " Support ", actor=None)
        assert (package.pk, package.description) == ("SUPPORT", "Support")
        for code in ("", "A B", "A/B", "-A", "Ä", "X" * 21):
            with pytest.raises(BadPackage, match="is no code: enter letters and digits") as refused:
                create_package(code, "Support", actor=None)
            assert refused.value.field == "code"
        with pytest.raises(BadPackage, match="SUPPORT is there already") as refused:
            create_package("Support", "Another", actor=None)
        assert refused.value.field == "code"
        for write in (lambda: create_package("OTHER", " ", actor=None), lambda: edit_package(package, "", actor=None)):
            with pytest.raises(BadPackage, match="Say what it is") as refused:
                write()
            assert refused.value.field == "description"
        assert edit_package(package, "Support 24/7", actor=None).description == "Support 24/7"

    @pytest.mark.parametrize(
        ("terms", "field", "sentence"),
        [
            ({"base_period": "1M+1D"}, "base_period", "is no period"),
            ({"rhythm": ""}, "rhythm", "is no period"),
            ({"notice_period": "soon"}, "notice_period", "is no period"),
            (
                {"base_period": "2M", "rhythm": "3M"},
                "rhythm",
                "A rhythm of 3M and a base period of 2M: the one has to be",
            ),
            ({"base_period": "1M", "rhythm": "30D"}, "rhythm", "whole multiple"),
            ({"extension_term": "1Y"}, "initial_term", "has an initial term first"),
            ({"base_percent": D(-1)}, "base_percent", "-1 %: enter 0 or more"),
            ({"base_percent": D("0.00001")}, "base_percent", "at most 4 decimals"),
            ({"start_formula": "1X"}, "start_formula", "at character 2"),
            ({"description": ""}, "description", "Say what it is"),
        ],
    )
    def test_terms_that_are_none(self, company, terms, field, sentence):
        package = create_package("SUPPORT", "Support", actor=None)
        with pytest.raises(BadPackage, match=sentence) as refused:
            add_package_line(package, line(**terms), actor=None)
        assert refused.value.field == field
        assert not package.lines.exists()

    def test_only_an_invoicing_item_is_one(self, item, invoicing):
        package = create_package("SUPPORT", "Support", actor=None)
        with pytest.raises(
            BadPackage, match=r"LICENCE Licence is no invoicing item. Choose a product whose"
        ) as refused:
            add_package_line(package, line(invoicing_item=item), actor=None)
        assert refused.value.field == "invoicing_item"
        with pytest.raises(BadPackage, match="is no invoicing item"):
            create_template(TemplateTerms(code="X", description="X", invoicing_item=item), actor=None)
        assert add_package_line(package, line(invoicing_item=invoicing), actor=None).invoicing_item == invoicing

    def test_a_package_that_is_used_stays(self, account, item, finance):
        package = make_package("SUPPORT", sold_with=item)
        with pytest.raises(BadPackage, match=r"SUPPORT is sold with LICENCE Licence. Remove it there first"):
            delete_package(package, actor=None)
        order = make_document(account, LineTerms(product=item), type_=Type.ORDER)
        unassign_package(item.commitment_packages.get(), actor=None)
        with pytest.raises(BadPackage, match=f"SUPPORT is agreed on {order}"):
            delete_package(package, actor=None)
        deliver(order, actor=finance)
        LineCommitment.objects.all().delete()
        with pytest.raises(BadPackage, match="SVO-000001: Support was agreed from SUPPORT"):
            delete_package(package, actor=None)
        delete_package(make_package("OTHER"), actor=None)
        assert list(CommitmentPackage.objects.values_list("pk", flat=True)) == ["SUPPORT"]

    def test_a_line_that_was_deleted_meanwhile(self, company):
        package = make_package("SUPPORT")
        gone = package.lines.get()
        delete_package_line(gone, actor=None)
        with pytest.raises(BadPackage, match="was deleted meanwhile"):
            edit_package_line(gone, line(), actor=None)


class TestProducts:
    def test_a_package_goes_with_what_is_sold_with_commitments(self, company, item):
        package = make_package("SUPPORT")
        for option in (Option.SALES_WITHOUT, Option.INVOICING_ITEM):
            product = make_product(option, commitment_option=option)
            with pytest.raises(BadPackage, match=f"is “{option.label}”, which goes with no package. Make it “Service"):
                assign_package(product, package, actor=None)
        both = make_product("PHONE", commitment_option=Option.SALES_WITH)
        for product in (item, both):
            assert assign_package(product, package, actor=None).standard
        assert not assign_package(item, package, standard=False, actor=None).standard
        assert item.commitment_packages.count() == 1
        with pytest.raises(
            BadPackage, match=r"PHONE Phone is “Sales without service commitment”.*Package SUPPORT is sold"
        ):
            edited(both, commitment_option=Option.SALES_WITHOUT)
        both.refresh_from_db()
        assert both.commitment_option == Option.SALES_WITH

    @pytest.mark.parametrize(
        ("terms", "sentence"),
        [
            ({"partner": "vendor"}, "Line 1, Support, partner: its partner is the vendor. Choose the customer."),
            ({"invoicing_via": "sales"}, "Line 1, Support, invoicing via: it is invoiced via sales. Choose contract."),
            ({"base_percent": D(50)}, "Line 1, Support, calculation base %: its calculation base is 50 %. Enter 100."),
        ],
    )
    def test_a_package_that_cannot_serve_a_prepaid_item_is_named_by_line_and_field(self, hours, item, terms, sentence):
        package = make_package("SUPPORT", {"description": "Support", **terms})
        with pytest.raises(BadPackage) as refused:
            assign_package(hours, package, actor=None)
        assert refused.value.message == (
            f"HOURS Hours is a prepaid service: package SUPPORT cannot top it up. {sentence}"
        )
        assign_package(item, package, actor=None)  # what tops nothing up can be sold with it
        with pytest.raises(BadPackage) as refused:  # the other way round
            edited(item, prepaid_service=True)
        assert (refused.value.field, sentence in refused.value.message) == ("prepaid_service", True)
        add_package_line(package, line(), actor=None)  # one line that can is enough
        assert assign_package(hours, package, actor=None).standard
        assert edited(item, prepaid_service=True).prepaid_service

    def test_an_invoicing_item_and_no_line_at_all_serve_none(self, hours, invoicing):
        package = create_package("SUPPORT", "Support", actor=None)
        with pytest.raises(BadPackage, match=r"package SUPPORT has no lines. Add one for the customer"):
            assign_package(hours, package, actor=None)
        add_package_line(package, line(invoicing_item=invoicing), actor=None)
        with pytest.raises(BadPackage, match=r"invoicing item: it names an invoicing item. Leave that empty"):
            assign_package(hours, package, actor=None)

    def test_the_line_that_a_prepaid_item_needs_stays(self, hours):
        package = make_package("SUPPORT", {}, {"partner": "vendor"}, sold_with=hours)
        needed, other = package.lines.order_by("line_no")
        sentence = "HOURS Hours is a prepaid service and needs a line that tops it up: package SUPPORT cannot top it up"
        with pytest.raises(BadPackage, match=sentence):
            edit_package_line(needed, line(base_percent=D(50)), actor=None)
        with pytest.raises(BadPackage, match=sentence):
            delete_package_line(needed, actor=None)
        needed.refresh_from_db()
        assert needed.base_percent == 100
        delete_package_line(other, actor=None)
        edit_package_line(needed, line(description="Support, monthly"), actor=None)
        unassign_package(hours.commitment_packages.get(), actor=None)
        delete_package_line(needed, actor=None)


class TestSalesLines:
    def test_standard_packages_are_added_to_the_lines_of_quotes_and_orders(self, account, item):
        make_package("BASIC", {"description": "Licence"}, {"description": "Support"}, sold_with=item)
        make_package("EXTRA", sold_with=item, standard=False)
        for type_ in (Type.QUOTE, Type.ORDER):
            sold = make_document(account, LineTerms(product=item), type_=type_).lines.get()
            assert agreed(sold) == [("BASIC", "Licence"), ("BASIC", "Support")]
        work = make_product("WORK")
        sold = edit_line(sold, LineTerms(product=work), actor=None)
        assert (agreed(sold), sold.role) == ([], "sale")
        sold = edit_line(sold, LineTerms(product=item), actor=None)
        assert (len(agreed(sold)), sold.role) == (2, "commitment")

    def test_what_is_sold_with_commitments_gets_them_and_is_invoiced_as_usual(self, account):
        phone = make_product("PHONE", commitment_option=Option.SALES_WITH)
        make_package("BASIC", sold_with=phone)
        order = make_document(account, LineTerms(product=phone), type_=Type.ORDER)
        assert (agreed(order.lines.get()), order.lines.get().role) == ([("BASIC", "Basic")], "sale")
        direct = make_document(account, LineTerms(product=phone))
        assert agreed(direct.lines.get()) == []  # nothing is delivered of a direct invoice
        quote = make_document(account, LineTerms(product=phone), type_=Type.QUOTE)
        with pytest.raises(NotConvertible, match="is sold with service commitments, which its delivery makes"):
            convert_quote(quote, into=Type.INVOICE, actor=None)

    def test_a_package_chosen_by_hand_stays_while_the_product_does(self, account, item):
        make_package("BASIC", sold_with=item)
        extra = make_package("EXTRA", sold_with=item, standard=False)
        order = make_document(account, LineTerms(product=item), type_=Type.ORDER)
        sold = add_package(order.lines.get(), extra, actor=None)
        sold = remove_package(sold, CommitmentPackage.objects.get(pk="BASIC"), actor=None)
        sold = edit_line(sold, LineTerms(product=item, quantity=D(3)), actor=None)
        assert agreed(sold) == [("EXTRA", "Extra")]

    def test_what_was_offered_is_what_is_ordered(self, account, item):
        package = make_package("BASIC", sold_with=item)
        extra = make_package("EXTRA", {"rhythm": "1Q"}, sold_with=item, standard=False)
        quote = make_document(account, LineTerms(product=item), LineTerms(product=item), type_=Type.QUOTE)
        first, second = quote.lines.order_by("line_no")
        add_package(second, extra, actor=None)
        edit_package_line(package.lines.get(), line(description="Dearer", base_percent=D(150)), actor=None)
        order = convert_quote(quote, actor=None)
        ordered = order.lines.order_by("line_no")
        assert [agreed(each) for each in ordered] == [[("BASIC", "Basic")], [("BASIC", "Basic"), ("EXTRA", "Extra")]]
        assert LineCommitment.objects.get(line=ordered[1], package=extra).rhythm == "1Q"
        assert LineCommitment.objects.get(line=ordered[0]).base_percent == 100
        assert agreed(first) == [("BASIC", "Basic")]  # the quote keeps its own

    def test_packages_that_cannot_be_added_or_removed(self, account, item, finance):
        basic, extra = make_package("BASIC", sold_with=item), make_package("EXTRA")
        empty = create_package("EMPTY", "Empty", actor=None)
        assign_package(item, empty, actor=None)
        order = make_document(account, LineTerms(product=item, quantity=D(2)), type_=Type.ORDER, actor=finance)
        sold = order.lines.get()
        work = add_line(order, LineTerms(product=make_product("WORK")), actor=None)
        for tried, package, sentence in (
            (sold, basic, "Line 1 has package BASIC already"),
            (sold, extra, "LICENCE Licence is not sold with package EXTRA. Assign it to the product first"),
            (sold, empty, "Package EMPTY has no lines"),
            (work, basic, "Line 2 is of no product that is sold with service commitments"),
        ):
            with pytest.raises(BadPackage, match=sentence):
                add_package(tried, package, actor=None)
        with pytest.raises(BadPackage, match="does not have package EXTRA any more"):
            remove_package(sold, extra, actor=None)
        release(order, actor=None)
        for write in (add_package, remove_package):
            with pytest.raises(DocumentFixed, match="is released"):
                write(sold, basic, actor=None)

    def test_what_is_delivered_in_part_keeps_what_is_agreed(self, account, item, finance):
        basic = make_package("BASIC", sold_with=item)
        extra = make_package("EXTRA", sold_with=item, standard=False)
        order = make_document(account, LineTerms(product=item, quantity=D(2)), type_=Type.ORDER, actor=finance)
        sold = order.lines.get()
        deliver(order, {sold.pk: D(1)}, actor=finance)
        SalesDocument.objects.filter(pk=order.pk).update(state="open")
        for write, package in ((add_package, extra), (remove_package, basic)):
            with pytest.raises(BadPackage, match="Line 1 is delivered in part"):
                write(sold, package, actor=None)
