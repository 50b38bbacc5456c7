"""Templates, packages and the products they are sold with: what the catalogue offers to be agreed. Books and balances: none.

A change of the catalogue changes nothing that is agreed: terms are copied into the line that is sold.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from ledger.services.changes import made_by
from opportunities.models import CommitmentOption, Product
from pages.refusals import Refused
from prepaid.exceptions import BadPackage
from prepaid.models import (
    CommitmentPackage,
    CommitmentTemplate,
    InvoicingVia,
    LineCommitment,
    PackageLine,
    ProductPackage,
    ServiceCommitment,
)
from prepaid.services.contracts.agreed import refusal_of_terms, tidy, why_not_for_prepaid

CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,19}", re.ASCII)
CODE_LONGEST = 40  # as it is quoted
SOLD_WITH = (CommitmentOption.COMMITMENT_ITEM, CommitmentOption.SALES_WITH)


@dataclass(frozen=True, kw_only=True)
class TemplateTerms:
    """What a template says."""

    code: str
    description: str
    invoicing_via: str = InvoicingVia.CONTRACT
    invoicing_item: Product | None = None
    base_percent: Decimal = Decimal(100)
    base_period: str = "1M"


@dataclass(frozen=True, kw_only=True)
class LineOfPackage:
    """What a line of a package says. `terms` are the fields of `CommitmentTerms`; those that are left out are the template's,
    or the usual ones."""

    template: CommitmentTemplate | None = None
    terms: dict[str, Any] = field(default_factory=dict)


def values_of(template: CommitmentTemplate) -> dict[str, Any]:
    """What a template gives to a line that begins with it."""
    names = ("description", "invoicing_via", "invoicing_item", "base_percent", "base_period")
    return {name: getattr(template, name) for name in names} | {"rhythm": template.base_period}


@transaction.atomic
def create_template(terms: TemplateTerms, *, actor) -> CommitmentTemplate:
    """Refused (BadPackage): a code that is none or taken; `refusal_of_terms`; what is no invoicing item."""
    template = CommitmentTemplate(code=_new_code(CommitmentTemplate, terms.code))
    made_by(actor, "Create commitment template")
    return _write_template(template, terms)


@transaction.atomic
def edit_template(template: CommitmentTemplate, terms: TemplateTerms, *, actor) -> CommitmentTemplate:
    """Changes what new lines begin with; the code stays. Refused as in `create_template`."""
    locked = CommitmentTemplate.objects.select_for_update().get(pk=template.pk)
    made_by(actor, "Edit commitment template")
    return _write_template(locked, terms)


@transaction.atomic
def delete_template(template: CommitmentTemplate, *, actor) -> None:
    """Refused (BadPackage): one that lines of packages name."""
    locked = CommitmentTemplate.objects.select_for_update().get(pk=template.pk)
    if refusal := refusal_to_delete_template(locked):
        raise refusal
    made_by(actor, "Delete commitment template")
    locked.delete()


def refusal_to_delete_template(template: CommitmentTemplate) -> Refused | None:
    """Why the template stays."""
    line = template.package_lines.first()
    return BadPackage(f"{template.code} is the template of line {line}: it stays.") if line else None


@transaction.atomic
def create_package(code: str, description: str, *, actor) -> CommitmentPackage:
    """Makes a package without lines. Refused (BadPackage): a code that is none or taken, no description."""
    package = CommitmentPackage(code=_new_code(CommitmentPackage, code), description=_described(description))
    made_by(actor, "Create package")
    package.save(force_insert=True)
    return package


@transaction.atomic
def edit_package(package: CommitmentPackage, description: str, *, actor) -> CommitmentPackage:
    """Another description; the code stays. Refused (BadPackage): none."""
    locked = _lock(package)
    locked.description = _described(description)
    made_by(actor, "Edit package")
    locked.save()
    return locked


@transaction.atomic
def delete_package(package: CommitmentPackage, *, actor) -> None:
    """With its lines. Refused (BadPackage): one that is sold with a product, or that something was agreed from."""
    locked = _lock(package)
    if refusal := refusal_to_delete(locked):
        raise refusal
    made_by(actor, "Delete package")
    locked.delete()


def refusal_to_delete(package: CommitmentPackage) -> Refused | None:
    """Why the package stays."""
    sold = package.products.select_related("product").first()
    if sold is not None:
        return BadPackage(f"{package.code} is sold with {sold.product}. Remove it there first.")
    line = LineCommitment.objects.filter(package=package).select_related("line__document").first()
    if line is not None:
        return BadPackage(f"{package.code} is agreed on {line.line.document}: it stays.")
    commitment = ServiceCommitment.objects.filter(package=package).select_related("object").first()
    if commitment is not None:
        return BadPackage(f"{commitment} was agreed from {package.code}: it stays.")
    return None


@transaction.atomic
def add_package_line(package: CommitmentPackage, wanted: LineOfPackage, *, actor) -> PackageLine:
    """Adds a line behind the last. Refused (BadPackage): `refusal_of_terms`, no description, what is no invoicing item."""
    locked = _lock(package)
    last = locked.lines.order_by("-line_no").values_list("line_no", flat=True).first()
    made_by(actor, "Add package line")
    return _write_line(PackageLine(package=locked, line_no=(last or 0) + 1), wanted)


@transaction.atomic
def edit_package_line(line: PackageLine, wanted: LineOfPackage, *, actor) -> PackageLine:
    """Changes a line, for what is sold from now on. Refused as in `add_package_line`; where a prepaid item could not be
    topped up by its package any more."""
    package = _lock(line.package)
    made_by(actor, "Edit package line")
    edited = _write_line(_line_of(package, line), wanted)
    _still_serves(package)
    return edited


@transaction.atomic
def delete_package_line(line: PackageLine, *, actor) -> None:
    """Refused (BadPackage): the line by which a prepaid item is topped up."""
    package = _lock(line.package)
    found = _line_of(package, line)
    made_by(actor, "Delete package line")
    found.delete()
    _still_serves(package)


@transaction.atomic
def assign_package(product: Product, package: CommitmentPackage, *, standard: bool = True, actor) -> ProductPackage:
    """The package can be sold with the product; a standard one is added to its lines by itself. Assigned already, it becomes
    standard or stops being so. Refused (BadPackage): `refusal_to_assign`."""
    product = Product.objects.select_for_update().get(pk=product.pk)
    package = CommitmentPackage.objects.select_for_update().get(pk=package.pk)
    if refusal := refusal_to_assign(product, package):
        raise refusal
    made_by(actor, "Assign package")
    assigned, _ = ProductPackage.objects.update_or_create(
        product=product, package=package, defaults={"standard": standard}
    )
    return assigned


@transaction.atomic
def unassign_package(assigned: ProductPackage, *, actor) -> None:
    """The package is not sold with the product any more; lines that have it keep it."""
    made_by(actor, "Remove package")
    ProductPackage.objects.filter(pk=assigned.pk).delete()


def refusal_to_assign(product: Product, package: CommitmentPackage) -> Refused | None:
    """Why the package cannot be sold with the product."""
    if product.commitment_option not in SOLD_WITH:
        return BadPackage(f"{_option_of(product)} {_choose_option()}", field="package")
    if product.prepaid_service and (why := why_not_a_prepaid_item(package)):
        return BadPackage(f"{product} is a prepaid service: {why}", field="package")
    return None


def refusal_of_product(product: Product) -> Refused | None:
    """Why the product, as it is now, cannot keep the packages that it is sold with. Its row is locked."""
    keys = list(product.commitment_packages.values_list("package", flat=True))
    packages = list(CommitmentPackage.objects.filter(pk__in=keys).order_by("pk").select_for_update())
    if packages and product.commitment_option not in SOLD_WITH:
        return BadPackage(
            f"{_option_of(product)} Package {packages[0].code} is sold with it: remove it first.",
            field="commitment_option",
        )
    for package in packages if product.prepaid_service else ():
        if why := why_not_a_prepaid_item(package):
            return BadPackage(f"It cannot be a prepaid service: {why}", field="prepaid_service")
    return None


def why_not_a_prepaid_item(package: CommitmentPackage) -> str:
    """Why no line of the package could top up a prepaid service, line by line; nothing where one can."""
    lines = list(package.lines.order_by("line_no"))
    reasons = [why_not_for_prepaid(line) for line in lines]
    if not lines:
        return f"package {package.code} has no lines. Add one for the customer, invoiced via contract."
    if not all(reasons):
        return ""
    told = [
        f"Line {line.line_no}, {line.description}, {field_label(why[0])}: {why[1]}"
        for line, why in zip(lines, reasons, strict=True)
        if why
    ]
    return f"package {package.code} cannot top it up. {' '.join(told)}"


def field_label(name: str) -> str:
    return str(PackageLine._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def refusal_of_item(product: Product | None) -> Refused | None:
    """Why an invoice of a contract cannot name the product as its item."""
    if product is None or product.commitment_option == CommitmentOption.INVOICING_ITEM:
        return None
    option = CommitmentOption.INVOICING_ITEM.label
    return BadPackage(
        f"{product} is no invoicing item. Choose a product whose service commitment option is “{option}”.",
        field="invoicing_item",
    )


def _lock(package: CommitmentPackage) -> CommitmentPackage:
    """The package as it is now, locked after the products that it is sold with, so that none of them becomes a prepaid
    service meanwhile."""
    keys = list(package.products.values_list("product", flat=True))
    list(Product.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk", flat=True))
    return CommitmentPackage.objects.select_for_update().get(pk=package.pk)


def _line_of(package: CommitmentPackage, line: PackageLine) -> PackageLine:
    found = package.lines.filter(pk=line.pk).first()
    if found is None:
        raise BadPackage("The line was deleted meanwhile.")
    return found


def _still_serves(package: CommitmentPackage) -> None:
    """Refused: a prepaid item that no line of the package tops up any more."""
    needing = package.products.filter(
        product__prepaid_service=True, product__commitment_option=CommitmentOption.COMMITMENT_ITEM
    )
    first = needing.select_related("product").first()
    if first is not None and (why := why_not_a_prepaid_item(package)):
        raise BadPackage(f"{first.product} is a prepaid service and needs a line that tops it up: {why}")


def _write_line(line: PackageLine, wanted: LineOfPackage) -> PackageLine:
    begun: dict[str, Any] = values_of(wanted.template) if wanted.template and line.pk is None else {}
    line.template = wanted.template
    for name, value in (begun | wanted.terms).items():
        setattr(line, name, value)
    line.description = _described(line.description)
    tidy(line)
    if refusal := refusal_of_terms(line, error=BadPackage) or refusal_of_item(line.invoicing_item):
        raise refusal
    line.save()
    return line


def _write_template(template: CommitmentTemplate, terms: TemplateTerms) -> CommitmentTemplate:
    template.description = _described(terms.description)
    template.invoicing_via, template.invoicing_item = terms.invoicing_via, terms.invoicing_item
    template.base_percent, template.base_period = terms.base_percent, terms.base_period
    line = PackageLine(**values_of(template))
    tidy(line)
    if refusal := refusal_of_terms(line, error=BadPackage) or refusal_of_item(template.invoicing_item):
        raise refusal
    template.base_period = line.base_period
    template.save(force_insert=template._state.adding)
    return template


def _new_code(model: Any, typed: str) -> str:
    code = typed.strip().upper()
    if not CODE.fullmatch(code):
        raise BadPackage(
            f"“{typed[:CODE_LONGEST]}” is no code: enter letters and digits, with dots and hyphens between them.",
            field="code",
        )
    if model.objects.filter(pk=code).exists():
        raise BadPackage(f"{code} is there already. Choose a code that is free.", field="code")
    return code


def _described(typed: str) -> str:
    if not typed.strip():
        raise BadPackage("Say what it is.", field="description")
    return typed.strip()


def _option_of(product: Product) -> str:
    option = CommitmentOption(product.commitment_option).label
    return f"{product} is “{option}”, which goes with no package."


def _choose_option() -> str:
    first, second = (option.label for option in SOLD_WITH)
    return f"Make it “{first}” or “{second}” first."
