"""Signing in and out: who is locked out, how long a session lasts, where the doors of the admin lead."""

import datetime

import pytest
import time_machine
from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def sam():
    return User.objects.create_user("sam", password="right-horse-battery")


def sign_in(client, password="right-horse-battery", **extra):
    return client.post("/sign-in/", {"username": "sam", "password": password, **extra.pop("data", {})}, **extra)


def test_signing_in_leads_where_one_wanted_to_go_and_nowhere_else(client, sam):
    assert client.get("/")["Location"] == "/sign-in/?next=/"
    assert sign_in(client, data={"next": "/password/"})["Location"] == "/password/"
    assert sign_in(client, data={"next": "https://evil.example/"})["Location"] == "/"


def test_a_wrong_password_gets_a_sentence(client, sam):
    assert "Please enter a correct username and password" in sign_in(client, "wrong").content.decode()


def test_five_wrong_passwords_lock_this_user_from_this_address_alone(client, sam):
    User.objects.create_user("ann", password="right-horse-battery")
    answers = [sign_in(client, "wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    locked = sign_in(client)
    assert locked.status_code == 429
    assert "Try again in 15 minutes" in locked.content.decode()
    assert sign_in(client, REMOTE_ADDR="10.0.0.9").status_code == 302
    assert client.post("/sign-in/", {"username": "ann", "password": "right-horse-battery"}).status_code == 302


def test_the_lock_opens_after_a_while(client, sam):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            sign_in(client, "wrong")
        clock.shift(datetime.timedelta(minutes=16))
        assert sign_in(client).status_code == 302


@pytest.mark.parametrize(
    ("proxies", "forwarded", "locked_out"),
    [(0, "10.0.0.{}", True), (1, "10.0.0.{}, 203.0.113.7", True), (1, "203.0.113.7, 10.0.0.{}", False)],
)
def test_an_address_is_believed_only_from_a_proxy_of_ours(client, sam, settings, proxies, forwarded, locked_out):
    settings.PROXY_COUNT = proxies
    for number in range(5):
        sign_in(client, "wrong", headers={"X-Forwarded-For": forwarded.format(number)})
    answer = sign_in(client, headers={"X-Forwarded-For": forwarded.format(9)})
    assert answer.status_code == (429 if locked_out else 302)


def visit(client, minutes, **headers):
    with time_machine.travel(NOON + datetime.timedelta(minutes=minutes), tick=False):
        return client.get("/", headers=headers)


@pytest.fixture
def at_noon(client, sam):
    with time_machine.travel(NOON, tick=False):
        client.force_login(sam)
    return client


def test_a_session_ends_after_half_an_hour_without_activity(at_noon):
    assert visit(at_noon, 29).status_code == 200
    assert visit(at_noon, 58).status_code == 200
    ended = visit(at_noon, 88)
    assert ended["Location"] == "/sign-in/?next=/"
    assert "30 minutes without activity" in at_noon.get("/sign-in/").content.decode()


def test_a_page_that_asks_by_itself_does_not_keep_the_session_alive(at_noon):
    assert visit(at_noon, 20, **{"X-Polling": "1"}).status_code == 200
    assert visit(at_noon, 31).status_code == 302


def test_a_session_ends_after_twelve_hours_in_any_case(at_noon):
    for minutes in range(20, 12 * 60, 20):
        assert visit(at_noon, minutes).status_code == 200
    assert visit(at_noon, 12 * 60).status_code == 302


def test_a_session_without_its_times_has_ended(at_noon):
    with time_machine.travel(NOON, tick=False):
        session = at_noon.session
        del session["active_at"]
        session.save()
    assert visit(at_noon, 1).status_code == 302


def test_a_part_of_a_page_takes_the_whole_page_to_the_sign_in(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/password/"}
    assert client.get("/", headers=headers)["HX-Redirect"] == "/sign-in/?next=/password/"


def test_signing_out_is_a_post(at_noon):
    with time_machine.travel(NOON, tick=False):
        assert at_noon.get("/sign-out/").status_code == 405
        assert at_noon.post("/sign-out/")["Location"] == "/sign-in/"
        assert at_noon.get("/").status_code == 302


def test_the_admin_has_no_door_of_its_own(client):
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/sign-in/?next=/admin/"
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in/")


def test_a_changed_password_ends_the_other_sessions(client, sam):
    other = type(client)()
    sign_in(client)
    sign_in(other)
    typed = {
        "old_password": "right-horse-battery",
        "new_password1": "new-horse-staple",
        "new_password2": "new-horse-staple",
    }
    assert client.post("/password/", typed)["Location"] == "/"
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_passwords_are_kept_with_argon2(sam):
    assert sam.password.startswith("argon2$")
