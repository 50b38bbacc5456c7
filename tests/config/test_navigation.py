import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import RequestFactory

from config import navigation
from config.navigation import Entry

pytestmark = pytest.mark.django_db
MENU = (
    ("", (Entry("Home", "home"),)),
    ("Books", (Entry("Password", "password_change", "ledger.view_journalentry"), Entry("Later", "not:there-yet"))),
    ("People", (Entry("Second factor", "second-factor"), Entry("Verify", "second-factor-verify"))),
    ("Nothing", (Entry("Later", "not:there-yet"),)),
    ("Administration", (Entry("Admin", "admin:index", "staff"),)),
)


@pytest.fixture
def menu(monkeypatch):
    monkeypatch.setattr(navigation, "NAVIGATION", MENU)

    def shown(user, path="/"):
        request = RequestFactory().get(path)
        request.user = user
        return navigation.navigation(request)

    return shown


def labels(groups):
    return {group["label"]: [entry.label for entry in group["entries"]] for group in groups}


def test_a_role_sees_what_it_may_and_what_is_there(menu):
    user = User.objects.create_user("sam")
    people = {"": ["Home"], "People": ["Second factor", "Verify"]}
    assert labels(menu(user)) == people
    user.user_permissions.add(Permission.objects.get(codename="view_journalentry"))
    user = User.objects.get()
    user.is_staff = True
    assert labels(menu(user)) == people | {"Books": ["Password"], "Administration": ["Admin"]}


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", ["Home"]),
        ("/second-factor/", ["Second factor"]),
        ("/second-factor/verify/?next=/", ["Verify"]),
        ("/second-factor/other/", ["Second factor"]),
        ("/elsewhere/", []),
    ],
)
def test_the_nearest_entry_is_the_current_one(menu, path, current):
    groups = menu(User.objects.create_user("sam"), path)
    assert [entry.label for group in groups for entry in group["entries"] if entry.current] == current


def test_nobody_signed_in_sees_no_navigation():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert navigation.shell(request)["navigation"] == ()


def test_every_entry_of_the_product_names_a_permission_that_exists(db):
    codes = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}
    entries = [entry for _, entries in navigation.NAVIGATION for entry in entries]
    assert {entry.permission for entry in entries} <= codes | {"", "staff"}
