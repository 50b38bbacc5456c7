"""Every answer carries the policy, no page breaks it, and an error tells a number and nothing else."""

import logging
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pages.sample")]

PAGES = ["/", "/sample/rates/", "/sample/groups/?name=x", "/second-factor/", "/password/", "/no/such/page/"]
ADMIN = [
    "/admin/",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/auth/group/add/",
    "/admin/otp_totp/totpdevice/",
]
INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)(?![^>]*type=.application/json)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I
)


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("admin"))
    client.raise_request_exception = False
    return client


def policy(response):
    return {part.split()[0]: part.split()[1:] for part in response["Content-Security-Policy"].split("; ")}


@pytest.mark.parametrize("url", [*PAGES, *ADMIN, "/sample/broken/", "/sign-in/", "/health/"])
def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(admin, url):
    allowed = policy(admin.get(url))
    assert allowed["default-src"] == ["'self'"]
    assert allowed["frame-ancestors"] == allowed["object-src"] == allowed["base-uri"] == ["'none'"]
    assert not set(allowed) & {"script-src", "style-src"}


@pytest.mark.parametrize("url", [*PAGES, "/sample/broken/", "/sign-in/"])
def test_no_page_of_ours_has_anything_inline_or_from_elsewhere(admin, url):
    text = admin.get(url).content.decode()
    assert not INLINE.findall(text)
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', text)


def test_a_wrong_host_is_refused_under_the_policy_without_detail(client):
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert policy(response)["default-src"] == ["'self'"]
    assert "evil.example" not in response.content.decode()


def test_an_error_shows_a_number_that_is_in_the_log_and_no_detail(admin, caplog):
    with caplog.at_level(logging.ERROR, logger="django.request"):
        response = admin.get("/sample/broken/")
    text = response.content.decode()
    assert response.status_code == 500
    assert "secret detail" not in text
    assert "RuntimeError" not in text
    assert response["X-Request-ID"] in text
    [record] = [record for record in caplog.records if record.name == "django.request"]
    assert record.request.id == response["X-Request-ID"]


def test_the_log_line_carries_the_number(admin, capsys):
    from config.request_ids import RequestIdFilter, request_id

    record = logging.LogRecord("a", logging.INFO, "", 0, "", (), None)
    token = request_id.set("abc")
    RequestIdFilter().filter(record)
    request_id.reset(token)
    assert record.request_id == "abc"


def test_an_error_page_that_fails_itself_still_answers(admin, monkeypatch):
    monkeypatch.setattr("config.views.render_to_string", lambda *args: 1 / 0)
    response = admin.get("/sample/broken/")
    assert (response.status_code, response["Content-Type"]) == (500, "text/plain")
    assert response["X-Request-ID"] in response.content.decode()


def test_not_found_and_not_allowed_stand_in_the_shell_with_a_number(client):
    client.force_login(User.objects.create_user("sam"))
    for url, status in (("/no/such/page/", 404), ("/sample/rates/", 403)):
        response = client.get(url)
        text = response.content.decode()
        assert response.status_code == status
        assert 'class="nav-side' in text
        assert response["X-Request-ID"] in text


def test_who_is_not_signed_in_sees_an_error_without_the_shell(client):
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "nav-side" not in response.content.decode()


def test_a_form_from_elsewhere_is_refused_with_a_sentence():
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("admin"))
    response = client.post("/password/", {"old_password": "x"})
    assert response.status_code == 403
    assert "The form is no longer valid" in response.content.decode()


def test_health_and_favicon_answer_everybody(client):
    assert client.get("/health/").json() == {"status": "ok"}
    assert client.get("/favicon.ico")["Location"] == "/static/img/favicon.svg"
