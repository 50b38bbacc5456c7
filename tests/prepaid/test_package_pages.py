"""Packages in the browser: the catalogue, packages of a product and of the lines of a quote or an order."""

from decimal import Decimal

import pytest
from django.urls import reverse

from opportunities.models import CommitmentOption
from prepaid.models import CommitmentPackage, CommitmentTemplate, PackageLine, ProductPackage, SalesDocument
from prepaid.services.contracts.line_packages import add_package
from prepaid.services.document_lines import LineTerms
from prepaid.services.document_state import release
from tests.credits.desk import Page, errors, text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_document, make_package, make_product

pytestmark = pytest.mark.django_db
Option, Type = CommitmentOption, SalesDocument.Type
D = Decimal


@pytest.fixture
def sales(company):
    return signed_in("sales")


@pytest.fixture
def item(company):
    return make_product("LICENCE", commitment_option=Option.COMMITMENT_ITEM)


def at(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def product_page(product) -> str:
    return reverse("opportunities:product-edit", args=[product.pk])


def save(page: Page, **changes):
    page.fill(**changes)
    return page.client.post(page.url, page.data)


def test_a_template_is_entered_edited_and_deleted(sales):
    new = Page(sales, reverse("prepaid:template-new"))
    assert save(new, code="support", description="Support", base_percent="x").status_code == 200
    led = save(new, base_percent="20", base_period="1Y")
    assert led["Location"] == reverse("prepaid:template-list")
    template = CommitmentTemplate.objects.get()
    shown = text(sales.get(reverse("prepaid:template-list")))
    assert "SUPPORT" in shown and "Support" in shown and "1Y" in shown
    edit = Page(sales, at("template-edit", template))
    assert "The code stays" in text(edit.shown)
    assert errors(save(edit, base_period="soon")) == {
        "base_period": ["“SOON” is no period: enter one term, such as 1M, 1Q, 1Y, 2W or 30D."]
    }
    save(edit, base_period="1Q")
    template.refresh_from_db()
    assert (template.base_period, template.code) == ("1Q", "SUPPORT")
    Page(sales, at("template-delete", template)).confirm()
    assert not CommitmentTemplate.objects.exists()


def test_a_package_is_entered_line_by_line_beginning_with_a_template(sales):
    CommitmentTemplate.objects.create(code="SUPPORT", description="Support", base_percent=20, base_period="1Y")
    led = save(Page(sales, reverse("prepaid:package-new")), code="basic", description="Basic")
    package = CommitmentPackage.objects.get()
    assert led["Location"] == package.get_absolute_url()
    assert "No lines yet" in text(sales.get(package.get_absolute_url()))
    page = Page(sales, at("package-line-new", package))
    filled = page.fill(template="SUPPORT", rhythm="2Y").look()
    values = {name: filled.context["form"][name].value() for name in ("description", "base_percent", "rhythm")}
    assert values == {"description": "Support", "base_percent": "20", "rhythm": "1Y"}
    assert page.fill(template="", description="Licence").look().status_code == 204
    assert errors(save(page, rhythm="5D"))["rhythm"][0].startswith("A rhythm of 5D and a base period of 1M")
    assert save(page, rhythm="1q", notice_period="3M")["Location"] == package.get_absolute_url()
    line = PackageLine.objects.get()
    assert (line.description, line.rhythm, line.notice_period) == ("Licence", "1Q", "3M")
    shown = text(sales.get(package.get_absolute_url()))
    assert "1. Licence Customer Contract 100 1M 1Q no fixed term, notice 3M" in shown
    save(Page(sales, at("package-line-edit", line)), description="Licence, monthly")
    assert "Licence, monthly" in text(sales.get(package.get_absolute_url()))
    preview = Page(sales, at("package-line-delete", line)).preview()
    assert [(each.label, each.after) for each in preview.changes] == [("Line 1, Licence, monthly", "deleted")]
    Page(sales, at("package-line-delete", line)).confirm()
    save(Page(sales, at("package-edit", package)), description="Basic package")
    assert "BASIC Basic package" in text(sales.get(reverse("prepaid:package-list")))
    assert Page(sales, at("package-delete", package)).confirm()["Location"] == reverse("prepaid:package-list")
    assert not CommitmentPackage.objects.exists()


def test_the_list_counts_lines_and_products(sales, item):
    make_package("BASIC", {}, {}, sold_with=item)
    make_package("OTHER")
    shown = text(sales.get(reverse("prepaid:package-list")))
    assert "BASIC Basic 2 1" in shown and "OTHER Other 1 0" in shown
    assert "OTHER" not in text(sales.get(reverse("prepaid:package-list") + "?search=basic")).split("Export")[-1]


def test_packages_are_assigned_and_removed_on_the_page_of_the_product(sales, item):
    package = make_package("BASIC")
    assert "None yet. A package says what is agreed when LICENCE is sold" in text(sales.get(product_page(item)))
    page = Page(sales, at("product-package-new", item))
    assert page.data["standard"] == "on"
    assert save(page, package="BASIC")["Location"] == product_page(item)
    assigned = ProductPackage.objects.get()
    assert "BASIC Basic Yes" in text(sales.get(product_page(item)))
    assert "LICENCE Licence Service commitment item Yes" in text(sales.get(package.get_absolute_url()))
    save(Page(sales, at("product-package-edit", assigned)), standard=None)
    assert "BASIC Basic No" in text(sales.get(product_page(item)))
    assert Page(sales, at("product-package-remove", assigned)).confirm()["Location"] == product_page(item)
    assert not ProductPackage.objects.exists()
    assert "Service commitment packages" not in text(sales.get(product_page(make_product("WORK"))))


def test_a_package_that_serves_no_prepaid_item_is_refused_both_ways(sales, item):
    make_package("ROYALTY", {"partner": "vendor"}, sold_with=item)
    refused = save(Page(sales, product_page(item)), prepaid_service="on")
    (sentence,) = errors(refused)["prepaid_service"]
    assert sentence == (
        "It cannot be a prepaid service: package ROYALTY cannot top it up. Line 1, Royalty, partner: its partner is the "
        "vendor. Choose the customer."
    )
    hours = make_product("HOURS", prepaid=True, commitment_option=Option.COMMITMENT_ITEM)
    refused = save(Page(sales, at("product-package-new", hours)), package="ROYALTY")
    assert "Line 1, Royalty, partner: its partner is the vendor" in errors(refused)["package"][0]
    shown = text(sales.get(at("package", CommitmentPackage.objects.get())))
    assert "No product that is a prepaid service can be sold with it" in shown


def test_a_document_shows_what_is_agreed_with_its_lines_while_open_with_what_can_be_changed(account, item, finance):
    make_package("BASIC", {"description": "Licence"}, {"description": "Support", "base_percent": D(20)}, sold_with=item)
    extra = make_package("EXTRA", sold_with=item, standard=False)
    order = make_document(account, LineTerms(product=item), LineTerms(product=make_product("WORK")), type_=Type.ORDER)
    sold = order.lines.get(line_no=1)
    delivery = signed_in("delivery")
    shown = text(delivery.get(order.get_absolute_url()))
    assert "1. Licence Add package to line 1" in shown
    assert "Support BASIC Customer, contract 20 1M 1M no fixed term" in shown
    page = Page(delivery, at("line-package-new", sold))
    assert save(page, package="EXTRA")["Location"] == order.get_absolute_url()
    remove = at("line-package-remove", sold.commitments.get(description="Support"))
    assert remove.encode() not in delivery.get(order.get_absolute_url()).content  # once for the package, at its first
    remove = at("line-package-remove", sold.commitments.get(description="Licence"))
    assert remove.encode() in delivery.get(order.get_absolute_url()).content
    page = Page(delivery, remove)
    assert [(each.label, each.after) for each in page.preview().changes] == [
        ("Licence", "not agreed"), ("Support", "not agreed"),
    ]  # fmt: skip
    assert page.confirm()["Location"] == order.get_absolute_url()
    assert list(sold.commitments.values_list("package", flat=True)) == [extra.pk]
    release(order, actor=finance)
    shown = text(delivery.get(order.get_absolute_url()))
    assert "Service commitments of the lines" in shown and "Add package" not in shown
    assert delivery.get(at("line-package-new", sold)).status_code == 409
    assert "Add package" not in text(signed_in("viewer").get(order.get_absolute_url()))


def test_a_commitment_item_without_package_says_so_on_its_order(account, item):
    order = make_document(account, LineTerms(product=item), type_=Type.ORDER)
    desk = signed_in("delivery")
    page = desk.get(order.get_absolute_url())
    assert "No package: it cannot be delivered before it has one" in text(page)
    assert page.context["primary_action"].label == "Deliver"  # nothing of it is invoiced
    quote = make_document(account, LineTerms(product=make_product("WORK")), type_=Type.QUOTE)
    assert "Service commitments of the lines" not in text(desk.get(quote.get_absolute_url()))


def test_who_may_not_manage_contracts_reads_the_catalogue(item):
    package, viewer = make_package("BASIC", sold_with=item), signed_in("viewer")
    shown = viewer.get(package.get_absolute_url())
    assert shown.status_code == 200 and "Add line" not in text(shown) and "Actions for" not in text(shown)
    assert viewer.get(at("package-line-new", package)).status_code == 403


def test_packages_are_found_by_the_search(sales):
    make_package("BASIC")
    assert "BASIC Basic" in text(sales.get(reverse("search") + "?q=basic"))


def test_the_card_of_a_large_order_takes_no_more_queries(account, item, django_assert_max_num_queries):
    make_package("BASIC", sold_with=item)
    extra = make_package("EXTRA", sold_with=item, standard=False)
    order = make_document(account, *[LineTerms(product=item)] * 3, type_=Type.ORDER)
    desk = signed_in("delivery")
    desk.get(order.get_absolute_url())
    for line in order.lines.all():
        add_package(line, extra, actor=None)
    with django_assert_max_num_queries(60):
        desk.get(order.get_absolute_url())
