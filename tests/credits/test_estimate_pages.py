"""Breakage estimates in the browser: proposed by one, approved by another with what the night will post (rule 12)."""

import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from credits.models import BreakageEstimate
from credits.services.estimates import propose_estimate
from ledger.models import JournalEntry, PostingSetup, ProductPostingGroup
from tests.builders import make_account, make_purchase, make_rate, make_user, trial_balance
from tests.credits.correcting import caught_up, estimated, used
from tests.credits.desk import Page, errors, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
LIST, NEW = "/credits/estimates/", "/credits/estimates/new/"


@pytest.fixture
def finance(company):
    client = Client()
    sign_in(client, "credits.view_breakageestimate", "credits.propose_estimate")
    return client


@pytest.fixture
def boss(company):
    client = Client()
    sign_in(client, "credits.view_breakageestimate", "credits.approve_correction", name="boss")
    return client


def proposed(percent: str = "10", on: datetime.date = TODAY, by: str = "dana") -> BreakageEstimate:
    group = ProductPostingGroup.objects.get(pk="CREDITS")
    return propose_estimate(
        group, expected_unused=Decimal(percent), effective_on=on, reason="Three years", actor=make_user(by)
    )


def url(name: str, estimate: BreakageEstimate) -> str:
    return reverse(f"credits:estimate-{name}", args=[estimate.pk])


def test_proposed_and_listed_and_not_in_force(finance):
    page = Page(finance, NEW).fill(product_group="CREDITS", expected_unused="12.5", reason="Three years")
    sent = finance.post(NEW, page.data)
    assert sent.url == LIST
    estimate = BreakageEstimate.objects.get()
    assert (estimate.expected_unused, estimate.effective_on, estimate.proposed_by.username) == (
        Decimal("12.5"), TODAY, "dana",
    )  # fmt: skip
    shown = text(finance.get(LIST))
    assert "12.5 %" in shown and "Proposed" in shown


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"expected_unused": "99.5"}, "expected_unused", "enter 0 to 99"),
        ({"expected_unused": "1.234"}, "expected_unused", "at most two decimals"),
        ({"expected_unused": "=1"}, "expected_unused", "is not a plain number"),
        ({"reason": ""}, "reason", "required"),
        ({"effective_on": "2026-02-30"}, "effective_on", "is not a date"),
    ],
)
def test_refused_at_its_field(finance, typed, field, said):
    page = Page(finance, NEW).fill(product_group="CREDITS", expected_unused="10", reason="Three years").fill(**typed)
    assert said in errors(finance.post(NEW, page.data))[field][0] and not BreakageEstimate.objects.exists()


def test_approving_shows_lots_and_sums_per_currency_as_the_night_posts_them(boss, account):
    make_rate("GBP", "1.2711")
    lots = [make_purchase(account, number_of_credits=100) for _ in range(2)]
    pounds = make_purchase(make_account(currency="GBP"), number_of_credits=5, amount_paid_per_credit="50.00")
    for lot, credits in zip((*lots, pounds), (45, 0, 2), strict=True):
        if credits:
            used(lot, credits)
    page = Page(boss, url("approve", proposed()))
    preview = page.shown.context["preview"]
    assert [(row.label, row.after, row.note) for row in preview.changes][1:] == [
        ("Purchases that the night catches up", "3", ""),
        ("Recognised ahead in GBP", "GBP\xa011.11", "1 purchase"),
        ("Recognised ahead in USD", "USD\xa0400.00", "2 purchases"),
    ]
    assert [(line.account_code, line.debit, line.credit, line.debit_lcy) for line in preview.postings] == [
        ("2400", Decimal("11.11"), 0, Decimal("14.13")), ("4090", 0, Decimal("11.11"), 0),
        ("2400", 400, 0, 400), ("4090", 0, 400, 0),
    ]  # fmt: skip
    assert "The night of 24 Nov 2026 posts this" in preview.posted_later
    assert preview.confirm_label == "Approve 10 % unused"
    assert page.confirm().url == LIST and not JournalEntry.objects.filter(kind="estimate").exists()
    for lot in (*lots, pounds):
        caught_up(lot)
    assert trial_balance()["4090"] == {"USD": -400, "GBP": Decimal("-11.11"), "LCY": Decimal("-414.13")}


def test_a_lower_estimate_shows_what_is_taken_back(boss, account):
    lot = make_purchase(account, number_of_credits=100)
    estimated("10")
    caught_up(lot)
    used(lot, 45)
    preview = Page(boss, url("approve", proposed("4"))).shown.context["preview"]
    assert (preview.changes[0].before, preview.changes[0].after) == ("10 % unused", "4 % unused")
    assert preview.changes[2].label == "Taken back in USD" and preview.changes[2].after == "USD\xa0250.00"
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("2400", 0, 250), ("4090", 250, 0),
    ]  # fmt: skip


def test_what_the_books_cannot_take_is_left_out_with_its_reason(boss, account):
    used(make_purchase(account), 4)
    PostingSetup.objects.update(breakage=None)
    preview = Page(boss, url("approve", proposed())).shown.context["preview"]
    assert preview.left_out[0].label == "1 purchase" and "no breakage account" in preview.left_out[0].reason


def test_nobody_approves_their_own_and_nobody_twice(boss, account):
    own = proposed(by="boss")
    assert "another person approves it" in text(boss.get(url("approve", own)))
    approved = estimated("10")
    assert "is approved already" in text(boss.get(url("approve", approved)))


def test_withdrawn_while_nobody_has_approved_it(finance):
    estimate = proposed()
    assert Page(finance, url("withdraw", estimate)).confirm().url == LIST
    assert not BreakageEstimate.objects.exists()
    assert "is approved" in text(finance.get(url("withdraw", estimated("10"))))


def test_the_list_says_which_is_in_force(finance):
    for percent, on in (
        ("5", TODAY - datetime.timedelta(days=9)),
        ("7", TODAY),
        ("9", TODAY + datetime.timedelta(days=1)),
    ):
        estimated(percent, on=on)
    proposed("11")
    states = {str(row.expected_unused): row.state for row in finance.get(LIST).context["table"].data.data}
    assert states == {"5.00": "replaced", "7.00": "in_force", "9.00": "later", "11.00": "proposed"}


def test_home_says_what_waits(boss, account):
    proposed()
    proposed("11", by="boss")
    assert "1 breakage estimate waits for your approval" in text(boss.get(reverse("home")))
