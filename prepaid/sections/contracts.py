"""What contracts and the catalogue of commitments put on the pages of the apps below: on the account what it has and is
billed for, on a product the packages that it is sold with."""

from typing import Any

from django.db.models import Count, F, Min, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from opportunities.models import Account, Product
from opportunities.services.products import also_refuse
from pages.elements import Action
from pages.http import Request
from pages.sections import register
from prepaid.actions.contracts import new_contract, new_object
from prepaid.actions.packages import MANAGE, line_package_actions, product_actions
from prepaid.models import LineCommitment, SalesDocument, SalesLine
from prepaid.services.contracts.line_commitments import DELIVERED, can_have_packages
from prepaid.services.contracts.line_packages import packages_to_add, refusal_to_add
from prepaid.services.contracts.packages import SOLD_WITH, refusal_of_product

SHOWN = 8
WRITE = "prepaid.write_documents"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("account", contracts_of_account, order=21, permission="prepaid.view_customercontract")
    register("account", objects_of_account, order=22, permission="prepaid.view_serviceobject")
    register("account.actions", new_of_account, order=21)
    register("product", packages_of_product, order=20, permission="prepaid.view_commitmentpackage")
    register("sales-document", agreed_with_lines, order=10)
    also_refuse(refusal_of_product)


def new_of_account(request: Request, account: Account) -> list[Action]:
    return [new_contract(account.number), new_object(account.number)]


def contracts_of_account(request: Request, account: Account) -> str:
    """The open contracts, the next to be billed first."""
    left = Q(commitments__ends_on=None) | Q(commitments__next_billing_on__lte=F("commitments__ends_on"))
    found = account.customer_contracts.filter(closed=False).annotate(
        commitment_count=Count("commitments"), next_day=Min("commitments__next_billing_on", filter=left)
    )
    rows = found.order_by(F("next_day").asc(nulls_last=True), "number")[: SHOWN + 1]
    return _section(request, "prepaid/account_contracts.html", account, rows, "contract-list", new_contract)


def objects_of_account(request: Request, account: Account) -> str:
    """What it has, the latest first."""
    found = account.service_objects.annotate(commitment_count=Count("commitments"))
    rows = found.select_related("product").order_by("-provided_on", "-pk")[: SHOWN + 1]
    return _section(request, "prepaid/account_objects.html", account, rows, "service-object-list", new_object)


def _section(request: Request, template: str, account: Account, rows: Any, list_name: str, new: Any) -> str:
    shown = list(rows)
    context = {
        "rows": shown[:SHOWN],
        "more": len(shown) > SHOWN,
        "account": account,
        "url": f"{reverse(f'prepaid:{list_name}')}?{urlencode({'account': account.number})}",
        "new": new(account.number),
    }
    return render_to_string(template, context, request)


def packages_of_product(request: Request, product: Product) -> str | None:
    """Of a product that can be sold with packages, or is sold with some."""
    assigned = product.commitment_packages.select_related("package").order_by("package")
    fits = product.commitment_option in SOLD_WITH
    if not fits and not assigned:
        return None
    may = request.user.has_perm(MANAGE)
    rows = [(each, product_actions(each) if may else []) for each in assigned]
    context = {"rows": rows, "product": product, "may": may, "fits": fits}
    return render_to_string("prepaid/product_packages.html", context, request)


def agreed_with_lines(request: Request, document: SalesDocument) -> str | None:
    """What is agreed with the lines of a quote or an order, package by package, with what can be added and removed."""
    if document.type not in DELIVERED:
        return None
    lines = [line for line in document.lines.select_related("product").order_by("line_no") if line.product]
    for line in lines:
        line.document = document
    shown = [line for line in lines if can_have_packages(line)]
    if not shown:
        return None
    may = request.user.has_perm(WRITE)
    agreed = LineCommitment.objects.filter(line__in=shown).select_related("package", "invoicing_item")
    of_line: dict[int, list[LineCommitment]] = {}
    for each in agreed.order_by("line__line_no", "package", "line_no"):
        of_line.setdefault(each.line_id, []).append(each)
    rows = [_agreed(line, of_line.get(line.pk, []), may=may and refusal_to_add(line) is None) for line in shown]
    return render_to_string("prepaid/document_packages.html", {"rows": rows, "document": document}, request)


def _agreed(line: SalesLine, commitments: list[LineCommitment], *, may: bool) -> dict[str, Any]:
    """The line, each of its commitments with the actions of its package beside the first of them, and whether one can be
    added."""
    rows: list[tuple[LineCommitment, list[Action]]] = []
    for at, each in enumerate(commitments):
        first = at == 0 or commitments[at - 1].package_id != each.package_id
        rows.append((each, line_package_actions(each) if may and first else []))
    return {"line": line, "rows": rows, "can_add": may and packages_to_add(line).exists()}
