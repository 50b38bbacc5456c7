"""Packages added to a line of an open quote or order, and removed from it. Books and balances: none."""

from django.db import transaction
from django.db.models import QuerySet

from ledger.services.changes import made_by
from pages.refusals import Refused
from prepaid.exceptions import BadPackage
from prepaid.models import CommitmentPackage, SalesLine
from prepaid.services.contracts.line_commitments import can_have_packages, copy_package
from prepaid.services.document_state import lock_open, refusal_to_change


@transaction.atomic
def add_package(line: SalesLine, package: CommitmentPackage, *, actor) -> SalesLine:
    """What the package says is agreed with the line as well, as it stands in the catalogue now. Refused: DocumentFixed;
    `refusal_to_add` (BadPackage); a package that its product is not sold with, that it has, or that has no lines."""
    found = _lock(line)
    if refusal := refusal_to_add(found):
        raise refusal
    if found.commitments.filter(package=package).exists():
        raise BadPackage(f"Line {found.line_no} has package {package.code} already.", field="package")
    if not packages_to_add(found).filter(pk=package.pk).exists():
        raise BadPackage(
            f"{found.product} is not sold with package {package.code}. Assign it to the product first.", field="package"
        )
    if not package.lines.exists():
        raise BadPackage(f"Package {package.code} has no lines: nothing would be agreed.", field="package")
    made_by(actor, "Add package to line")
    copy_package(found, package)
    return found


@transaction.atomic
def remove_package(line: SalesLine, package: CommitmentPackage, *, actor) -> SalesLine:
    """Nothing of the package is agreed with the line any more. Refused: DocumentFixed; a line that does not have it, or
    that is delivered in part (BadPackage)."""
    found = _lock(line)
    if refusal := refusal_once_delivered(found):
        raise refusal
    made_by(actor, "Remove package from line")
    deleted, _ = found.commitments.filter(package=package).delete()
    if not deleted:
        raise BadPackage(f"Line {found.line_no} does not have package {package.code} any more.")
    return found


def packages_to_add(line: SalesLine) -> QuerySet[CommitmentPackage]:
    """Those that its product is sold with and that it does not have."""
    sold = CommitmentPackage.objects.filter(products__product=line.product_id)
    return sold.exclude(pk__in=line.commitments.values("package")).order_by("code")


def refusal_to_add(line: SalesLine) -> Refused | None:
    """Why no package can be added to the line."""
    if refusal := refusal_to_change(line.document):
        return refusal
    if not can_have_packages(line):
        return BadPackage(f"Line {line.line_no} is of no product that is sold with service commitments.")
    return refusal_once_delivered(line)


def refusal_once_delivered(line: SalesLine) -> Refused | None:
    """Why what is agreed with the line stays."""
    if line.quantity_shipped:
        return BadPackage(f"Line {line.line_no} is delivered in part: what is agreed with it stays.")
    return None


def _lock(line: SalesLine) -> SalesLine:
    document = lock_open(line.document)
    found = document.lines.select_related("product").filter(pk=line.pk).first()
    if found is None:
        raise BadPackage("The line was deleted meanwhile.")
    found.document = document
    return found
