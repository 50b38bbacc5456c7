"""The second factor: set up by everybody who wants it, demanded of who posts to the books."""

import datetime
import re

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def sam(client):
    user = User.objects.create_user("sam", password="right-horse-battery")
    client.force_login(user)
    return user


def code(device):
    return f"{totp(device.bin_key):06d}"


def enrol(client, user, clock):
    """Sets the second factor up and gives the device and the backup codes."""
    client.post("/second-factor/", {"step": "start"})
    device = TOTPDevice.objects.get(user=user, confirmed=False)
    page = client.post("/second-factor/", {"step": "confirm", "code": code(device)}, follow=True)
    clock.shift(60)
    device.refresh_from_db()
    return device, re.findall(r"<li><code>(\w+)</code>", page.content.decode())


def test_setting_up_shows_a_drawing_and_asks_for_a_code(client, sam):
    assert not TOTPDevice.objects.exists()
    page = client.post("/second-factor/", {"step": "start"}, follow=True).content.decode()
    assert 'src="data:image/svg+xml' in page
    wrong = client.post("/second-factor/", {"step": "confirm", "code": "000000"}).content.decode()
    assert "This code is not right." in wrong
    assert not TOTPDevice.objects.filter(confirmed=True).exists()


def test_looking_at_the_page_makes_no_device(client, sam):
    client.get("/second-factor/")
    client.post("/second-factor/", {"step": "unknown"})
    client.post("/second-factor/", {"step": "codes"})
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()


def test_the_backup_codes_are_shown_once(client, sam, clock):
    _, codes = enrol(client, sam, clock)
    assert len(codes) == 8
    assert codes[0] not in client.get("/second-factor/").content.decode()


def test_whoever_has_one_shows_it_before_anything_else(client, sam, clock):
    device, _ = enrol(client, sam, clock)
    client.logout()
    client.force_login(sam)
    for url in ("/", "/password/", "/second-factor/", "/admin/"):
        assert client.get(url)["Location"] == f"/second-factor/verify/?next={url}"
    before = client.session.session_key
    done = client.post("/second-factor/verify/?next=/password/", {"code": code(device)})
    assert done["Location"] == "/password/"
    assert client.session.session_key != before
    assert client.get("/").status_code == 200


def test_a_code_works_once(client, sam, clock):
    device, _ = enrol(client, sam, clock)
    used = code(device)
    for status in (302, 200):
        client.logout()
        client.force_login(sam)
        assert client.post("/second-factor/verify/", {"code": used}).status_code == status


def test_a_backup_code_works_once(client, sam, clock):
    _, codes = enrol(client, sam, clock)
    for status in (302, 200):
        client.logout()
        client.force_login(sam)
        assert client.post("/second-factor/verify/", {"code": codes[0].upper()}).status_code == status


def test_wrong_codes_make_the_next_try_wait(client, sam, clock):
    device, _ = enrol(client, sam, clock)
    client.logout()
    client.force_login(sam)
    wrong = f"{(int(code(device)) + 1) % 1000000:06d}"
    assert "This code is not right." in client.post("/second-factor/verify/", {"code": wrong}).content.decode()
    waiting = client.post("/second-factor/verify/", {"code": code(device)}).content.decode()
    assert "Too many wrong codes. Try again in" in waiting
    clock.shift(5)
    assert client.post("/second-factor/verify/", {"code": code(device)}).status_code == 302


def test_the_code_of_another_person_opens_nothing(client, sam, clock):
    device, _ = enrol(client, sam, clock)
    other = User.objects.create_user("ann")
    client.force_login(other)
    enrol(client, other, clock)
    client.logout()
    client.force_login(other)
    assert client.post("/second-factor/verify/", {"code": code(device)}).status_code == 200


def test_a_stolen_session_cannot_replace_what_it_has_not_shown(client, sam, clock):
    enrol(client, sam, clock)
    client.logout()
    client.force_login(sam)
    assert client.post("/second-factor/", {"step": "start"})["Location"].startswith("/second-factor/verify/")
    assert TOTPDevice.objects.filter(confirmed=False).count() == 0


def test_a_new_app_takes_the_place_of_the_old_one_only_when_it_works(client, sam, clock):
    old, _ = enrol(client, sam, clock)
    client.post("/second-factor/", {"step": "start"})
    assert TOTPDevice.objects.filter(pk=old.pk, confirmed=True).exists()
    new = TOTPDevice.objects.get(confirmed=False)
    client.post("/second-factor/", {"step": "confirm", "code": code(new)})
    assert list(TOTPDevice.objects.values_list("pk", "confirmed")) == [(new.pk, True)]
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("group", ["finance", "controller"])
def test_finance_sets_one_up_before_anything_else(client, sam, settings, group):
    settings.REQUIRE_SECOND_FACTOR = True
    sam.groups.add(Group.objects.get_or_create(name=group)[0])
    assert client.get("/")["Location"] == "/second-factor/"
    assert "needs a second factor before anything else" in client.get("/second-factor/").content.decode()
    assert client.get("/admin/")["Location"] == "/second-factor/"


def test_sales_may_do_without(client, sam, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    sam.groups.add(Group.objects.get_or_create(name="sales")[0])
    assert client.get("/").status_code == 200


def test_a_demonstration_says_that_it_does_not_ask_for_one(client, sam, settings):
    for asked in (False, True):
        settings.REQUIRE_SECOND_FACTOR = asked
        for url in ("/", "/second-factor/"):
            assert ("demonstrations only" in client.get(url).content.decode()) is not asked
    client.logout()
    settings.REQUIRE_SECOND_FACTOR = False
    assert "demonstrations only" in client.get("/sign-in/").content.decode()
