"""Two people edit the same thing: the second is told what the first has changed, and keeps what was typed."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from ledger.models import LedgerAccount, PostingSetup
from pages.sending import as_data
from tests.builders import (
    make_account,
    make_company,
    make_milestone,
    make_opportunity,
    make_project,
    make_purchase,
    make_rate,
)

EDITED = {
    "account": ("opportunities:account-edit", "name", "Mine", "Theirs", "Name"),
    "project": ("opportunities:project-edit", "name", "Mine", "Theirs", "Name"),
    "product": ("opportunities:product-edit", "name", "Mine", "Theirs", "Name"),
    "opportunity": ("opportunities:opportunity-edit", "name", "Mine", "Theirs", "Name"),
    "milestone": ("credits:milestone-edit", "name", "Mine", "Theirs", "Name"),
    "rate": ("ledger:rate-edit", "rate", "1.2", "1.3", "LCY per unit"),
    "accounts": ("ledger:posting-setup-edit", "sales", "4010", "4020", "Sales account"),
}


@pytest.fixture
def page(client, db):
    make_company()
    client.force_login(User.objects.create_superuser("sam"))
    return client


def made(kind: str):
    account = make_account()
    if kind == "product":
        return make_opportunity(account).lines.get().product
    make = {
        "account": lambda: account,
        "project": lambda: make_project(account),
        "opportunity": lambda: make_opportunity(account),
        "milestone": lambda: make_milestone(make_project(account)),
        "rate": lambda: make_rate("EUR", "1.1"),
        "accounts": lambda: PostingSetup.objects.get(business_group="DOMESTIC", product_group="CREDITS"),
    }
    return make[kind]()


def address(kind: str, thing) -> str:
    name = EDITED[kind][0]
    if kind == "accounts":
        return f"{reverse(name)}?business=DOMESTIC&product=CREDITS"
    return reverse(name, args=[thing.pk])


def opened(page, url: str) -> dict:
    """What the browser sends of a form that was opened and left as it is."""
    shown = page.get(url).context
    form, lines = shown["form"], getattr(shown["form"], "lines", None)
    sent = as_data(form) | (as_data(lines) if lines else {})
    sent = {name: "" if value is None else value for name, value in sent.items()}
    return sent | {"token": str(shown["token"]), "seen": shown["seen"]}


def stored(thing, field: str) -> str:
    thing.refresh_from_db()
    value = getattr(thing, field)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else getattr(value, "pk", value)


@pytest.mark.parametrize("kind", EDITED)
def test_the_second_is_told_and_saves_again_knowingly(page, kind):
    thing, (_, field, mine, theirs, label) = made(kind), EDITED[kind]
    url = address(kind, thing)
    first, second = opened(page, url), opened(page, url)
    assert page.post(url, first | {field: theirs}).status_code == 302
    answer = page.post(url, second | {field: mine})
    assert answer.status_code == 200
    assert stored(thing, field) == theirs
    assert [each.label for each in answer.context["changed"]] == [label]
    assert theirs in answer.context["changed"][0].now
    assert "Somebody has changed this since you opened it" in answer.content.decode()
    assert answer.context["form"][field].value() == mine
    again = second | {field: mine, "seen": answer.context["seen"]}
    assert page.post(url, again).status_code == 302
    assert stored(thing, field) == mine


@pytest.mark.parametrize("kind", EDITED)
def test_nobody_in_between_is_no_obstacle(page, kind):
    thing, (_, field, mine, _, _) = made(kind), EDITED[kind]
    url = address(kind, thing)
    assert page.post(url, opened(page, url) | {field: mine}).status_code == 302
    assert stored(thing, field) == mine


def test_a_changed_line_counts_as_well(page):
    opportunity = made("opportunity")
    url = address("opportunity", opportunity)
    first, second = opened(page, url), opened(page, url)
    page.post(url, first | {"lines-0-quantity": "3"})
    changed = page.post(url, second).context["changed"]
    assert ("Line 1, quantity", "1", "3") in [(each.label, each.before, each.now) for each in changed]


def test_two_who_fill_an_empty_cell_of_the_posting_setup(page):
    PostingSetup.objects.all().delete()
    url = address("accounts", None)
    first, second = opened(page, url), opened(page, url)
    page.post(url, first | {"sales": "4010"})
    changed = page.post(url, second | {"sales": "4020"}).context["changed"]
    assert [each.now for each in changed] == [str(LedgerAccount.objects.get(pk="4010"))]


@pytest.mark.parametrize("seen", ["rubbish", "[]", "\x00"])
def test_what_was_seen_and_cannot_be_read_is_as_good_as_nothing_seen(page, seen):
    thing = made("account")
    url = address("account", thing)
    answer = page.post(url, opened(page, url) | {"name": "Mine", "seen": seen})
    assert "Name" in [each.label for each in answer.context["changed"]]
    assert stored(thing, "name") != "Mine"


def test_a_draft_is_covered_by_its_preview(page):
    lot = make_purchase(make_account(), draft=True)
    url = reverse("credits:purchase-edit", args=[lot.pk])
    shown = page.get(url)
    sent = {name: "" if value is None else value for name, value in as_data(shown.context["form"]).items()}
    sent |= {"token": str(shown.context["token"]), "fingerprint": shown.context["preview"].fingerprint}
    type(lot).objects.filter(pk=lot.pk).update(expires_on=datetime.date(2028, 1, 1))
    answer = page.post(url, sent)
    assert (answer.status_code, answer.context["stale"]) == (200, True)
    lot.refresh_from_db()
    assert lot.expires_on == datetime.date(2028, 1, 1)
