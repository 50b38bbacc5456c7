"""The roles come with the product and stay what the company made of them."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from config.roles import ROLES, synchronise
from tests.builders import make_user

pytestmark = pytest.mark.django_db


def permissions_of(role: str) -> set[str]:
    user = make_user(f"{role}-person")
    user.groups.add(Group.objects.get(name=role))
    return user.get_all_permissions()


@pytest.mark.parametrize("role", ROLES)
def test_every_permission_of_a_role_exists_and_is_given(role):
    """Permissions: the groups come with the product."""
    assert set(ROLES[role]) <= permissions_of(role)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_views_business_and_books(role):
    views = {"opportunities.view_account", "credits.view_purchase", "ledger.view_journalentry", "ledger.view_batchrun"}
    assert views <= permissions_of(role)


def test_a_viewer_changes_nothing():
    assert {name for name in permissions_of("viewer") if not name.split(".")[1].startswith("view_")} == set()


def test_nobody_sees_people_or_sessions_by_role():
    assert not any(name.startswith(("auth.", "sessions.", "pages.")) for name in permissions_of("controller"))


def test_who_allocates_does_not_sell_and_who_sells_does_not_close_periods():
    assert "credits.manage_purchases" not in permissions_of("delivery")
    assert "ledger.close_accountingperiod" not in permissions_of("sales") | permissions_of("finance")


def test_a_second_time_changes_nothing():
    before = sorted(Group.permissions.through.objects.values_list("group", "permission"))
    synchronise()
    assert sorted(Group.permissions.through.objects.values_list("group", "permission")) == before


def test_what_was_given_by_hand_stays_and_what_is_missing_comes_back():
    viewer = Group.objects.get(name="viewer")
    extra = Permission.objects.get(codename="expire_purchases")
    viewer.permissions.set([extra])
    call_command("migrate", verbosity=0)
    assert extra in viewer.permissions.all()
    assert viewer.permissions.filter(codename="view_purchase").exists()


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("credits.manage_purchases", {"sales", "finance"}),
        ("credits.allocate_credits", {"delivery"}),
        ("credits.expire_purchases", {"finance"}),
        ("ledger.run_night", {"finance"}),
        ("credits.approve_correction", {"controller"}),
        ("ledger.close_accountingperiod", {"controller"}),
        ("credits.change_creditssetup", {"controller"}),
        ("credits.view_purchase", set(ROLES)),
        ("prepaid.manage_services", {"sales", "finance"}),
        ("prepaid.write_documents", {"sales", "delivery", "finance"}),
        ("prepaid.post_documents", {"finance", "controller"}),
        ("prepaid.create_entries", {"finance"}),
        ("prepaid.approve_entries", {"controller"}),
        ("prepaid.expire_residuals", {"finance"}),
        ("prepaid.send_statements", {"finance"}),
        ("prepaid.change_prepaidsetup", {"controller"}),
        ("ledger.change_vatpostingsetup", {"controller"}),
        ("prepaid.view_prepaidservice", set(ROLES)),
    ],
)
def test_a_permission_is_given_to_these_roles_and_to_no_other(name, roles):
    """Permissions: the table of roles."""
    assert {role for role in ROLES if name in permissions_of(role)} == roles
