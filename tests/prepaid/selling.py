"""Prepaid services and sales documents for tests, made as staff make them."""

import datetime
from decimal import Decimal

from ledger.models import Currency
from opportunities.models import Account, CommitmentOption, Product
from prepaid.models import CommitmentPackage, PrepaidService, PrepaidSetup, SalesDocument
from prepaid.services.contracts.packages import LineOfPackage, add_package_line, assign_package, create_package
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.documents import Header, create_document
from prepaid.services.post_document import post_document
from prepaid.services.services import Card, create_service
from tests import builders

TODAY = datetime.date(2026, 11, 24)
Type = SalesDocument.Type


def make_company(*, lcy: str = "USD", **setup) -> PrepaidSetup:
    """A company that sells prepaid services."""
    builders.make_company(lcy=lcy)
    return PrepaidSetup.objects.create(id=1, deferral_group_id="PREPAID-DEF", **setup)


def make_product(
    code: str, *, prepaid: bool = False, group: str = "", price="100", currency="USD", **changes
) -> Product:
    """An item of services, or one that tops up a prepaid service."""
    return Product.objects.create(
        code=code,
        name=code.title(),
        unit_price=Decimal(price),
        currency_id=currency,
        product_group_id=group or ("PREPAID" if prepaid else "SERVICES"),
        prepaid_service=prepaid,
        **{"commitment_option": CommitmentOption.SALES_WITHOUT, **changes},
    )


def make_package(
    code: str, *lines: dict, sold_with: Product | None = None, actor=None, **assigned
) -> CommitmentPackage:
    """A package with a line for each of the terms, one of the usual terms without any; assigned to a product."""
    package = create_package(code, code.title(), actor=actor)
    for terms in lines or ({},):
        add_package_line(package, LineOfPackage(terms={"description": code.title(), **terms}), actor=actor)
    if sold_with is not None:
        assign_package(sold_with, package, actor=actor, **assigned)
    return package


def make_service(account: Account, *, actor=None, **card) -> PrepaidService:
    return create_service(Card(account=account, **{"description": "Support budget", **card}), actor=actor)


def make_document(
    account: Account, *lines: LineTerms, type_=Type.INVOICE, on=TODAY, actor=None, **header
) -> SalesDocument:
    """A document with these lines, in the currency of the account."""
    header = {"currency": Currency.objects.get(pk=header.pop("currency", account.currency_id)), **header}
    document = create_document(type_, Header(account=account, document_on=on, posted_on=on, **header), actor=actor)
    for line in lines:
        add_line(document, line, actor=actor)
    return document


def top_up(service: PrepaidService, amount: str, *, on=TODAY, actor=None, **changes) -> SalesDocument:
    """A posted invoice that tops the service up."""
    product = Product.objects.filter(code="TOP-UP").first() or make_product("TOP-UP", prepaid=True)
    terms = LineTerms(product=product, unit_price=Decimal(amount), prepaid_service=service)
    return post_document(make_document(service.account, terms, on=on, actor=actor, **changes), actor=actor)


def usage(service: PrepaidService, *amounts: str, on=TODAY, actor=None, **changes) -> SalesDocument:
    """An unposted invoice of services that the prepaid service pays for, a line for each amount."""
    product = Product.objects.filter(code="WORK").first() or make_product("WORK")
    lines = [LineTerms(product=product, unit_price=Decimal(amount), prepaid_service=service) for amount in amounts]
    return make_document(service.account, *lines, on=on, actor=actor, **changes)


def use(service: PrepaidService, *amounts: str, on=TODAY, actor=None, **changes) -> SalesDocument:
    """The same, posted."""
    return post_document(usage(service, *amounts, on=on, actor=actor, **changes), actor=actor)
