"""Migrated, and nothing entered yet: every list and every form answers, if only with what has to be entered first."""

import pytest
from django.contrib.auth.models import User
from django.urls import get_resolver, reverse

from tests.config.test_permissions import PUBLIC, addresses

pytestmark = pytest.mark.django_db
LEDGER_IS_EMPTY = (
    "The general ledger setup is empty. Enter the company&#x27;s name, local currency and time zone first."
)


@pytest.fixture
def page(client):
    client.force_login(User.objects.create_superuser("sam"))
    return client


def test_every_list_and_every_form_answers(page):
    plain = [name for name, _, entry in addresses(get_resolver()) if name and not entry.pattern.converters]
    answers = {name: page.get(reverse(name)).status_code for name in plain if name not in PUBLIC | {"logout"}}
    assert {name: status for name, status in answers.items() if status >= 500} == {}
    assert answers["credits:purchase-create"] == 409


def test_what_is_missing_is_said_in_the_shell(page):
    answer = page.get(reverse("credits:purchase-create"))
    assert LEDGER_IS_EMPTY in answer.content.decode()
    assert "<h1>New purchase</h1>" in answer.content.decode()
    assert 'aria-label="Search"' in answer.content.decode()


def test_a_form_that_is_sent_to_an_empty_company_answers(page):
    for name in ("ledger:rate-create", "credits:purchase-create", "night-start", "ledger:period-create"):
        assert page.post(reverse(name), {"until": "2026-11-24"}).status_code < 500, name
