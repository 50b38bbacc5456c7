"""What is agreed with a line of a quote or an order: rows copied from the packages of its product. Low level: document and
account are locked by the caller."""

from collections.abc import Iterable

from opportunities.models import CommitmentOption
from prepaid.models import CommitmentPackage, LineCommitment, SalesDocument, SalesLine, terms_of

DELIVERED = (SalesDocument.Type.QUOTE, SalesDocument.Type.ORDER)


def can_have_packages(line: SalesLine) -> bool:
    """Whether something can be agreed with the line: a service commitment item, or what is sold together with one, of a
    document that is delivered."""
    if line.product is None or line.document.type not in DELIVERED:
        return False
    return line.is_commitment or line.product.commitment_option == CommitmentOption.SALES_WITH


def write_standard(line: SalesLine, *, new_product: bool) -> None:
    """Of a line that was written: the standard packages of its product in place of those of the product before; none where it
    can have none any more."""
    if line.product is None or line.document.type not in DELIVERED:
        return
    fits = can_have_packages(line)
    if new_product or not fits:
        line.commitments.all().delete()
    if new_product and fits:
        for assigned in line.product.commitment_packages.filter(standard=True).select_related("package"):
            copy_package(line, assigned.package)


def copy_package(line: SalesLine, package: CommitmentPackage) -> None:
    LineCommitment.objects.bulk_create(
        LineCommitment(line=line, package=package, line_no=each.line_no, **terms_of(each))
        for each in package.lines.order_by("line_no")
    )


def carry_over(pairs: Iterable[tuple[SalesLine, SalesLine]]) -> None:
    """From the lines of a quote to those of its order, each with its own: what was offered is what is ordered."""
    made = {source.pk: copy for source, copy in pairs}
    found = LineCommitment.objects.filter(line__in=made).order_by("line", "package", "line_no")
    LineCommitment.objects.bulk_create(
        LineCommitment(line=made[each.line_id], package_id=each.package_id, line_no=each.line_no, **terms_of(each))
        for each in found
    )
