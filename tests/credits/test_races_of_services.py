"""Two services on the same lot or milestone at once: exactly one outcome, whichever came first, and books that agree."""

import datetime
from decimal import Decimal

import pytest
from django.db import transaction

from config.checks import check_books
from config.night import run_nights
from credits.exceptions import AlreadyConfirmed, AlreadyUsed, DatesLocked, NotDraft, Shortage
from credits.models import Allocation, Purchase
from credits.services.allocate import allocate
from credits.services.dates import change_dates
from credits.services.milestones import complete, reopen
from credits.services.night import earn_milestones, expire_credits
from credits.services.purchases import confirm_purchase, edit_draft, return_to_draft
from ledger.models import JournalEntry
from ledger.models.nights import State
from tests.builders import books, make_milestone, make_project, make_purchase, make_terms
from tests.credits.nights import credits_of
from tests.racing import at_once, split

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.time_machine("2026-11-24T12:00:00+00:00"),
    pytest.mark.parametrize("round_", range(4)),
]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
DEFERRED = {"1100": {"USD": 800, "LCY": 800}, "2400": {"USD": -800, "LCY": -800}}
LAPSED = {"1100": {"USD": 800, "LCY": 800}, "4090": {"USD": -800, "LCY": -800}}


def race(round_: int, *actions) -> tuple[int, list[type]]:
    """Either is let go first in half of the rounds; the books must agree afterwards."""
    ended = split(at_once(list(actions if round_ % 2 else reversed(actions))))
    assert [check for check in check_books() if check.offenders] == []
    return ended


def night_of(step, account, on):
    """A step of the night over one customer, in a transaction as the engine gives it."""
    return transaction.atomic(lambda: step(account.pk, account.pk, on))


def test_the_night_against_reopening(account, sam, round_):
    make_purchase(account)
    milestone = make_milestone(make_project(account), 4)
    allocate(milestone, actor=sam)
    completion = complete(milestone, actor=sam)
    ended = race(
        round_,
        night_of(earn_milestones, account, TODAY),
        lambda: reopen(milestone, actor=sam, reason="Scope changed"),
    )
    assert ended == (2, [])
    completion.refresh_from_db()
    assert completion.reopened_at
    assert books(TODAY) == DEFERRED
    reversals = JournalEntry.objects.filter(reverses__isnull=False)
    assert list(reversals.values_list("reverses", flat=True)) == ([completion.entry_id] if completion.entry_id else [])


def test_back_to_draft_against_allocating(account, sam, round_):
    lot = make_purchase(account)
    milestone = make_milestone(make_project(account), 4)
    ended = race(round_, lambda: return_to_draft(lot, actor=sam), lambda: allocate(milestone, actor=sam))
    lot.refresh_from_db()
    if lot.draft:
        assert (ended, credits_of(lot), books(TODAY)) == ((1, [Shortage]), (10, 0, 0), {})
    else:
        assert (ended, credits_of(lot), books(TODAY)) == ((1, [AlreadyUsed]), (6, 4, 0), DEFERRED)


def test_confirming_twice(account, sam, round_):
    draft = make_purchase(account, draft=True)
    assert race(round_, *[lambda: confirm_purchase(draft, actor=sam)] * 3) == (1, [AlreadyConfirmed])
    assert JournalEntry.objects.count() == Purchase.objects.get().confirmations == 1
    assert books(TODAY) == DEFERRED


def test_editing_a_draft_against_confirming_it(account, sam, round_):
    draft = make_purchase(account, draft=True)
    terms = make_terms(account, number_of_credits=3, amount_paid_per_credit="33.33")
    ended = race(round_, lambda: edit_draft(draft, terms, actor=sam), lambda: confirm_purchase(draft, actor=sam))
    draft.refresh_from_db()
    assert (ended, draft.number_of_credits) in [((2, []), 3), ((1, [NotDraft]), 10)]
    paid = {3: Decimal("99.99"), 10: Decimal(800)}[draft.number_of_credits]
    assert (draft.draft, books(TODAY)["2400"]) == (False, {"USD": -paid, "LCY": -paid})


def test_changing_the_dates_against_the_night(account, sam, round_):
    lot = make_purchase(account, expires_on=TODAY - DAY)
    ended = race(
        round_,
        night_of(expire_credits, account, TODAY),
        lambda: change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY + DAY, reason="Agreed", actor=sam),
    )
    dates = list(lot.date_changes.values_list("new_expires_on", flat=True))
    if ended == (2, []):
        assert (credits_of(lot), dates, books(TODAY)) == ((10, 0, 0), [TODAY + DAY], DEFERRED)
    else:
        assert ended == (1, [DatesLocked])
        assert (credits_of(lot), dates, books(TODAY)) == ((0, 0, 10), [], LAPSED)


def test_two_nights_at_once(account, round_):
    lot = make_purchase(account, expires_on=TODAY - DAY)
    results = at_once([lambda: [run.state for run in run_nights(TODAY)]] * 2)
    assert [states[-1] for states in results] == [State.DONE] * 2
    assert [check for check in check_books() if check.offenders] == []
    assert (credits_of(lot), books(TODAY)) == ((0, 0, 10), LAPSED)
    assert Allocation.objects.filter(allocation_type="expiry").count() == 1
