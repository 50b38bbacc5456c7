"""The kit in a real browser: what its few lines of script do, and that the policy lets all of it through."""

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import expect

from tests.browsing import browser, complaints_of, needs_chromium  # noqa: F401  (fixture)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.pages.sample"),
    needs_chromium,
]


@pytest.fixture
def page(browser, live_server, client):  # noqa: F811
    """A page of a signed-in person; it fails on any complaint of the browser and any answer of 400 and above."""
    client.force_login(User.objects.create_superuser("sam"))
    context = browser.new_context(base_url=live_server.url, color_scheme="light")
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    opened = context.new_page()
    complaints = complaints_of(opened)
    yield opened
    assert complaints == []


def theme(page):
    return page.evaluate("document.documentElement.dataset.bsTheme")


def test_light_and_dark_follow_the_system_until_chosen_and_the_choice_is_kept(page):
    page.goto("/")
    assert theme(page) == "light"
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_label("Switch between light and dark").click()
    page.reload()
    assert theme(page) == "light"


def test_a_slash_goes_to_the_search_unless_something_is_typed(page):
    page.goto("/sample/groups/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.fill("#id_name", "")
    page.type("#id_name", "a/b")
    assert page.input_value("#id_name") == "a/b"


def test_what_is_typed_is_previewed_and_the_enter_key_confirms_nothing_unseen(page):
    page.goto("/sample/groups/?name=North")
    page.fill("#id_size", "4")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Create 4 groups").wait_for()
    assert not Group.objects.filter(name__startswith="North").exists()
    page.get_by_role("button", name="Create 4 groups").click()
    page.get_by_label("Receipt").wait_for()
    assert Group.objects.filter(name__startswith="North").count() == 4


def test_a_refused_form_takes_the_focus_to_what_is_wrong(page):
    page.goto("/sample/groups/")
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.get_by_role("alert").get_by_role("link", name="Name").click()
    assert page.evaluate("document.activeElement.id") == "id_name"


def test_on_a_phone_the_navigation_is_a_drawer_and_nothing_moves_sideways(page, rates):
    rates("USD", "1", "2")
    page.set_viewport_size({"width": 390, "height": 844})
    for url in ("/", "/sample/rates/", "/sample/groups/?name=North"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_label("Open navigation").click()
    page.get_by_role("link", name="Home").click()
    page.wait_for_url("**/")


def test_menus_open_and_the_admin_works_under_the_policy(page):
    page.goto("/sample/rates/")
    page.get_by_role("button", name="Actions").click()
    page.get_by_text("The year is not over.").wait_for()
    page.goto("/admin/auth/user/add/")
    page.goto("/admin/auth/group/")
    page.get_by_role("heading", name="Select group to change").wait_for()
