"""Corrections at once, on real connections: never more refunded than was paid, and each decided once."""

import datetime

import pytest

from config.checks import check_books
from credits.exceptions import AlreadyDecided, BadCorrection, Shortage
from credits.models import Cancellation, Correction, Purchase
from credits.services.allocate import allocate
from credits.services.corrections import approve_correction, decline_correction, request_refund, request_reinstatement
from credits.services.expire import expire_purchase
from ledger.models import JournalEntry
from tests.builders import make_milestone, make_project, make_purchase, make_user, trial_balance
from tests.racing import at_once, split

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


def agree() -> None:
    assert [check for check in check_books() if check.offenders] == []


def asked(lot: Purchase, credits: int) -> Correction:
    return request_refund(lot, credits=credits, reason="They leave", actor=make_user("asker"))


def ask_and_approve(lot: Purchase, credits: int, maker, approver):
    """Until nothing is left to ask for; while another request waits it is asked again."""
    for _ in range(200):
        try:
            request = request_refund(lot, credits=credits, reason="They leave", actor=maker)
        except BadCorrection as refused:
            if "waits for approval already" in str(refused):
                continue
            return refused
        return approve_correction(request, actor=approver)
    raise AssertionError("a request waits that nobody approves")


def test_thirty_two_asking_and_approving_refund_no_more_than_was_paid(account):
    """Origin: pretix#6396, refund paths lacked the lock that payment paths had (bug 12)."""
    lot, maker, approver = make_purchase(account), make_user("asker"), make_user("approver")
    at_once([lambda: ask_and_approve(lot, 3, maker, approver)] * 32)
    canceled = Cancellation.objects.filter(purchase=lot)
    assert sum(canceled.values_list("credits", flat=True)) == 9 == Purchase.objects.get().credits_refunded
    assert trial_balance() == {
        "1100": {"USD": 800, "LCY": 800}, "2400": {"USD": -80, "LCY": -80}, "2450": {"USD": -720, "LCY": -720},
    }  # fmt: skip
    assert JournalEntry.objects.filter(kind="refund").count() == 3
    agree()


def test_thirty_two_approvers_of_one_request_refund_it_once(account):
    request, approvers = asked(make_purchase(account), 4), [make_user(f"approver {at}") for at in range(32)]
    results = at_once([lambda who=who: approve_correction(request, actor=who) for who in approvers])
    assert split(results) == (1, [AlreadyDecided])
    assert Cancellation.objects.get().credits == 4 == Purchase.objects.get().credits_refunded
    agree()


@pytest.mark.parametrize("round_", range(4))
def test_a_refund_against_allocating_the_last_credits(account, round_):
    lot, milestone = make_purchase(account), make_milestone(make_project(account), 8)
    request, approver = asked(lot, 8), make_user("approver")
    actions = [lambda: approve_correction(request, actor=approver), lambda: allocate(milestone, actor=approver)]
    ended = split(at_once(actions if round_ % 2 else actions[::-1]))
    lot.refresh_from_db()
    assert (ended, lot.credits_refunded, lot.credits_allocated) in [
        ((1, [Shortage]), 8, 0), ((1, [BadCorrection]), 0, 8),
    ]  # fmt: skip
    agree()


@pytest.mark.parametrize("round_", range(2))
def test_approving_against_withdrawing(account, round_):
    request, maker, approver = asked(make_purchase(account), 4), make_user("asker"), make_user("approver")
    actions = [
        lambda: approve_correction(request, actor=approver),
        lambda: decline_correction(request, note="", actor=maker),
    ]
    assert split(at_once(actions if round_ else actions[::-1])) == (1, [AlreadyDecided])
    request.refresh_from_db()
    assert Cancellation.objects.count() == (request.state == "approved")
    agree()


def test_two_approvers_of_a_reinstatement_bring_the_credits_back_once(account):
    lot = make_purchase(account, expires_on=TODAY)
    expire_purchase(lot, actor=make_user())
    request = request_reinstatement(lot, new_expires_on=TODAY, reason="Agreed", actor=make_user("asker"))
    approvers = [make_user("approver"), make_user("another")]
    results = at_once([lambda who=who: approve_correction(request, actor=who) for who in approvers])
    assert split(results) == (1, [AlreadyDecided])
    assert (
        Purchase.objects.get().credits_available == 10
        and JournalEntry.objects.filter(kind="reinstatement").count() == 1
    )
    agree()
