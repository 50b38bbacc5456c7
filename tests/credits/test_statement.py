"""The statement of services credits: every balance is the sum of its rows, and every day is told as it was."""

import datetime

import pytest

from config.night import run_nights
from credits.models import Purchase
from credits.reports.lifetimes import lifetimes
from credits.reports.positions import Use, positions
from credits.reports.statement import statement
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.purchases import confirm_purchase, edit_draft, return_to_draft
from tests.builders import make_milestone, make_project, make_purchase, make_rate, make_terms
from tests.credits.correcting import refunded, reinstated
from tests.recorded import recorded_on

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
D = datetime.date
BOUGHT, TODAY = D(2026, 11, 2), D(2026, 11, 24)
YEAR = {"first": D(2026, 1, 1), "last": TODAY}


def told(account, currency="USD", **days):
    """(day, what, credits in, credits out, balance) of a currency, with the opening and the closing balance."""
    (section,) = [each for each in statement(account, **(YEAR | days)).sections if each.currency.code == currency]
    rows = [(row.movement.day, row.movement.what, row.credits_in, row.credits_out, row.balance) for row in section.rows]
    return section.opening, rows, section.closing


def held(account, day) -> list[tuple]:
    """(lot, credits, use) at the end of a day, told without the statement."""
    lots = positions(account, lifetimes(Purchase.objects.filter(account=account)), [day])[day]
    return [(each.lot, each.credits, each.use) for each in lots]


@pytest.fixture
def moved(account, sam):
    """A lot of 10: 4 are allocated, 1 is given back, and what is left lapses on the day after 20 November."""
    project = make_project(account)
    with recorded_on(BOUGHT):
        lot = make_purchase(account, expires_on=D(2026, 11, 20))
    milestone = make_milestone(project, 4)
    with recorded_on(D(2026, 11, 5)):
        allocate(milestone, actor=sam)
    with recorded_on(D(2026, 11, 9)):
        adjust(milestone, total=3, actor=sam)
    with recorded_on(D(2026, 11, 24)):
        list(run_nights())
    return lot, milestone


def test_each_movement_stands_with_the_balance_after_it(account, moved):
    """Account page, statement: each movement with its balance."""
    opening, rows, closing = told(account)
    assert rows == [
        (BOUGHT, "Purchase", 10, 0, 10),
        (D(2026, 11, 5), "Consumption", 0, 4, 6),
        (D(2026, 11, 9), "Consumption Adjustment", 1, 0, 7),
        (D(2026, 11, 21), "Expiry", 0, 7, 0),
    ]
    assert (opening, closing) == (0, 0)


@pytest.mark.parametrize("first", [D(2026, 11, day) for day in (1, 2, 3, 5, 6, 9, 10, 21, 22)])
def test_wherever_a_period_is_cut_one_statement_closes_as_the_next_opens(account, moved, first):
    """A balance is the sum of its rows; there is no second way to it (getlago/lago-api#4641, bugs-to-tests row 8)."""
    before = told(account, last=first - datetime.timedelta(days=1)) if first > BOUGHT else (0, [], 0)
    if first > D(2026, 11, 21):
        assert before[2] == 0 and statement(account, first=first, last=TODAY).sections == []
        return
    opening, rows, closing = told(account, first=first)
    assert opening == before[2]
    assert closing == opening + sum(row[2] - row[3] for row in rows)
    assert [*before[1], *rows] == told(account)[1]


def test_the_closing_balance_is_the_sum_of_the_lots_and_says_what_of_it_can_be_used(account, moved):
    """Totals are sums of stored rows (useautumn/autumn#3407, bugs-to-tests row 20)."""
    with recorded_on(D(2026, 11, 10)):
        later = make_purchase(account, purchased_on=D(2026, 11, 10), starts_on=D(2026, 12, 1), number_of_credits=5)
        usable = make_purchase(account, purchased_on=D(2026, 11, 10), number_of_credits=2)
    (section,) = statement(account, first=BOUGHT, last=D(2026, 11, 20)).sections
    assert [(each.lot, each.credits, each.use) for each in section.lots] == [
        (moved[0], 7, Use.USABLE), (usable, 2, Use.USABLE), (later, 5, Use.NOT_STARTED),
    ]  # fmt: skip
    assert section.closing == 14
    assert section.uses == [(Use.USABLE, 9), (Use.NOT_STARTED, 5)]


def test_on_the_last_usable_day_credits_are_usable_and_the_day_after_they_are_past_expiry_until_the_night(account):
    """The expiry date is inclusive (wpsharks/s2member#612, bugs-to-tests row 4)."""
    with recorded_on(BOUGHT):
        lot = make_purchase(account, expires_on=D(2026, 11, 20))
    assert held(account, D(2026, 11, 20)) == [(lot, 10, Use.USABLE)]
    assert held(account, D(2026, 11, 21)) == [(lot, 10, Use.PAST_EXPIRY)]
    (section,) = statement(account, first=BOUGHT, last=D(2026, 11, 21)).sections
    assert section.closing == 10 and section.uses == [(Use.USABLE, 0), (Use.PAST_EXPIRY, 10)]


def test_a_purchase_that_was_taken_back_counts_until_then_and_anew_from_then(account, sam):
    with recorded_on(BOUGHT):
        lot = make_purchase(account)
    with recorded_on(D(2026, 11, 12)):
        return_to_draft(lot, actor=sam)
    assert told(account)[1:] == ([(BOUGHT, "Purchase", 10, 0, 10), (D(2026, 11, 12), "Back to draft", 0, 10, 0)], 0)
    with recorded_on(D(2026, 11, 13)):
        lot = edit_draft(Purchase.objects.get(), make_terms(account, number_of_credits=7), actor=sam)
        confirm_purchase(lot, actor=sam)
    assert told(account)[1:] == (
        [
            (BOUGHT, "Purchase", 10, 0, 10),
            (D(2026, 11, 12), "Back to draft", 0, 10, 0),
            (D(2026, 11, 12), "Purchase", 7, 0, 7),
        ],
        7,
    )
    assert held(account, D(2026, 11, 11)) == [(lot, 10, Use.USABLE)]
    assert held(account, TODAY) == [(lot, 7, Use.USABLE)]


def test_in_another_currency_after_it_was_taken_back_each_currency_tells_its_part(account, sam):
    make_rate("GBP", "1.2711")
    with recorded_on(BOUGHT):
        lot = make_purchase(account)
    with recorded_on(D(2026, 11, 12)):
        return_to_draft(lot, actor=sam)
    with recorded_on(D(2026, 11, 13)):
        lot = edit_draft(Purchase.objects.get(), make_terms(account, currency="GBP"), actor=sam)
        confirm_purchase(lot, actor=sam)
    assert told(account)[2] == 0 and told(account, "GBP")[2] == 10


def test_what_was_reinstated_and_refunded_moves_on_its_day(account):
    with recorded_on(BOUGHT):
        lot = make_purchase(account, expires_on=D(2026, 11, 10))
    with recorded_on(D(2026, 11, 12)):
        list(run_nights())
    with recorded_on(D(2026, 11, 16)):
        reinstated(lot, D(2026, 12, 31))
    with recorded_on(D(2026, 11, 18)):
        refunded(Purchase.objects.get(), 4)
    assert told(account) == (
        0,
        [
            (BOUGHT, "Purchase", 10, 0, 10),
            (D(2026, 11, 11), "Expiry", 0, 10, 0),
            (D(2026, 11, 16), "Reinstatement", 10, 0, 10),
            (D(2026, 11, 18), "Cancellation and refund", 0, 4, 6),
        ],
        6,
    )
    assert held(account, D(2026, 11, 15)) == [] and held(account, TODAY) == [(lot, 6, Use.USABLE)]


def test_a_draft_is_in_no_statement(account):
    make_purchase(account, draft=True)
    assert not statement(account, **YEAR)


def test_a_renegotiated_expiry_date_is_on_each_day_the_one_of_that_day(account, sam):
    with recorded_on(BOUGHT):
        lot = make_purchase(account, expires_on=D(2026, 11, 15))
    with recorded_on(D(2026, 11, 18)):
        change_dates(lot, starts_on=lot.starts_on, expires_on=D(2026, 12, 31), reason="Asked for", actor=sam)
    assert held(account, D(2026, 11, 17)) == [(lot, 10, Use.PAST_EXPIRY)]
    assert held(account, D(2026, 11, 18)) == [(lot, 10, Use.USABLE)]
    (then,) = statement(account, first=BOUGHT, last=D(2026, 11, 17)).sections
    (now,) = statement(account, **YEAR).sections
    assert [row.expires_on for row in then.rows] == [D(2026, 11, 15)] == [lot.expires_on for lot in then.lots]
    assert [row.expires_on for row in now.rows] == [D(2026, 12, 31)] == [lot.expires_on for lot in now.lots]
