"""What can be done with a package and its lines, and why one action cannot be used now."""

from django.urls import reverse

from ledger.views.changes import change_log_action
from pages.elements import Action, reason
from prepaid.models import CommitmentPackage, LineCommitment, PackageLine, ProductPackage
from prepaid.services.contracts.packages import refusal_to_delete

MANAGE, WRITE = "prepaid.manage_contracts", "prepaid.write_documents"


def actions_of(package: CommitmentPackage) -> list[Action]:
    def action(label: str, name: str, why: str = "", **look: bool) -> Action:
        return Action(label, reverse(f"prepaid:{name}", args=[package.pk]), why, MANAGE, **look)

    return [
        action("Add line", "package-line-new", primary=True),
        action("Edit", "package-edit"),
        change_log_action(package),
        action("Delete", "package-delete", reason(refusal_to_delete(package)), danger=True),
    ]


def line_actions(line: PackageLine) -> list[Action]:
    edit, delete = (reverse(f"prepaid:package-line-{verb}", args=[line.pk]) for verb in ("edit", "delete"))
    return [Action("Edit", edit, permission=MANAGE), Action("Delete", delete, permission=MANAGE, danger=True)]


def line_package_actions(agreed: LineCommitment) -> list[Action]:
    """Of the package of a line of an open quote or order, which leaves as a whole."""
    remove = reverse("prepaid:line-package-remove", args=[agreed.pk])
    return [Action(f"Remove package {agreed.package_id}", remove, permission=WRITE, danger=True)]


def product_actions(assigned: ProductPackage) -> list[Action]:
    """Of a package, on the page of the product that it is sold with."""
    edit, remove = (reverse(f"prepaid:product-package-{verb}", args=[assigned.pk]) for verb in ("edit", "remove"))
    return [
        Action("Standard or not", edit, permission=MANAGE),
        Action("Remove", remove, permission=MANAGE, danger=True),
    ]
