"""The roles that come with the product: groups of permissions, brought up to date after every migration.

A role gets what it lacks and keeps what somebody gave it by hand: a company may widen a role, and an upgrade must not take
that back. What a later version takes out of a role is taken out by a migration that says so.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

# Whoever may view, may view all of the business and of its books: they are one number.
VIEWED_APPS = ("ledger", "opportunities", "credits", "prepaid")

SELLING = (
    "opportunities.manage_customers",
    "opportunities.record_work",
    "credits.manage_purchases",
    "prepaid.manage_services",
    "prepaid.manage_contracts",
    "prepaid.write_documents",
)

ROLES: dict[str, tuple[str, ...]] = {
    "sales": SELLING,
    "delivery": (
        "credits.allocate_credits",
        "credits.manage_milestones",
        "opportunities.record_work",
        "prepaid.write_documents",
    ),
    "finance": (
        *SELLING,
        "credits.expire_purchases",
        "credits.propose_estimate",
        "credits.import_certinia",
        "prepaid.post_documents",
        "prepaid.create_entries",
        "prepaid.expire_residuals",
        "prepaid.bill_contracts",
        "prepaid.release_deferrals",
        "prepaid.send_statements",
        "ledger.run_night",
        "ledger.post_in_soft_closed_period",
        "ledger.add_exchangerate",
        "ledger.change_exchangerate",
        "ledger.write_manualentry",
    ),
    "controller": (
        "ledger.close_accountingperiod",
        "ledger.post_in_soft_closed_period",
        "ledger.add_accountingperiod",
        "ledger.change_accountingperiod",
        "ledger.add_postingsetup",
        "ledger.change_postingsetup",
        "ledger.add_vatpostingsetup",
        "ledger.change_vatpostingsetup",
        "ledger.change_ledgersetup",
        "ledger.change_numberseries",
        "ledger.add_dimension",
        "ledger.add_dimensionvalue",
        "ledger.change_dimensionvalue",
        "credits.change_creditssetup",
        "credits.approve_correction",
        "credits.import_certinia",
        "prepaid.post_documents",
        "prepaid.approve_entries",
        "prepaid.change_prepaidsetup",
        "ledger.write_manualentry",
        "ledger.approve_manualentry",
    ),
    "viewer": (),
}


def synchronise(**kwargs: Any) -> None:
    """Makes the groups that are missing and gives each the permissions of its role. Safe to repeat.

    Also the receiver of `post_migrate`; permissions of apps that are not migrated yet come with a later call.
    """
    views = set(Permission.objects.filter(content_type__app_label__in=VIEWED_APPS, codename__startswith="view_"))
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.add(*views, *permissions(names))


def permissions(names: tuple[str, ...]) -> set[Permission]:
    """The permissions of these names (`app.codename`) that exist."""
    wanted = Q(pk=None)
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return set(Permission.objects.filter(wanted))
