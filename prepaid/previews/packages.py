"""What leaves the catalogue, and packages of sales lines, run and described."""

from pages import formats
from pages.preview import Change, Preview
from prepaid.models import (
    CommitmentPackage,
    CommitmentTemplate,
    PackageLine,
    ProductPackage,
    SalesLine,
)
from prepaid.reports.commitments import told_line
from prepaid.services.contracts.line_packages import remove_package
from prepaid.services.contracts.packages import (
    delete_package,
    delete_package_line,
    delete_template,
    unassign_package,
)


def delete_template_and_describe(template: CommitmentTemplate, *, actor) -> Preview:
    change = Change(str(template), "", "deleted")
    delete_template(template, actor=actor)
    return Preview(changes=[change], confirm_label="Delete the template")


def delete_package_and_describe(package: CommitmentPackage, *, actor) -> Preview:
    change = Change(str(package), formats.counted(package.lines.count(), "lines"), "deleted")
    delete_package(package, actor=actor)
    return Preview(changes=[change], confirm_label="Delete the package")


def delete_line_and_describe(line: PackageLine, *, actor) -> Preview:
    note = "what is agreed from it stays"
    change = Change(f"Line {line.line_no}, {line.description}", told_line(line), "deleted", note=note)
    delete_package_line(line, actor=actor)
    return Preview(changes=[change], confirm_label="Delete the line")


def unassign_and_describe(assigned: ProductPackage, *, actor) -> Preview:
    note = "lines that have it keep it"
    change = Change(f"{assigned.package} with {assigned.product}", "Sold with it", "Removed", note=note)
    unassign_package(assigned, actor=actor)
    return Preview(changes=[change], confirm_label="Remove the package")


def remove_from_line_and_describe(line: SalesLine, package: CommitmentPackage, *, actor) -> Preview:
    changes = [
        Change(each.description, told_line(each), "not agreed")
        for each in line.commitments.filter(package=package).order_by("line_no")
    ]
    remove_package(line, package, actor=actor)
    return Preview(changes=changes, confirm_label="Remove the package")
