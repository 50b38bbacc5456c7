"""The one door to the books: an event is posted once, balanced, on an open day, and undone by one reversal."""

import datetime
from decimal import Decimal

import pytest

from ledger.exceptions import (
    AlreadyReversed,
    BlockedAccount,
    EventKeyReused,
    MissingAccount,
    MissingRate,
    NotReversible,
)
from ledger.models import Currency, JournalEntry, JournalLine, LedgerAccount, PostingSetup
from ledger.previews.postings import PostingTotals, posting_lines
from ledger.services.accounts import posting_accounts
from ledger.services.posting import Line, pair, recording, reverse
from ledger.services.rates import rate_on
from tests.builders import make_entry, make_period, make_rate, make_user, trial_balance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
DAY = datetime.date(2026, 11, 2)


def undo(entry, event_key="test:1:undo", **changes):
    terms = {"kind": "undo", "effective_on": DAY, "reason": "A slip"} | changes
    return reverse(entry, event_key=event_key, **terms)


def test_an_event_debits_and_credits_in_its_currency_and_in_lcy():
    entry = make_entry(amount="250.00", currency="GBP", party="account:5", lot="purchase:17", product_group="CREDITS")
    assert trial_balance() == {
        "1100": {"GBP": Decimal(250), "LCY": Decimal(500)},
        "2400": {"GBP": Decimal(-250), "LCY": Decimal(-500)},
    }
    assert (entry.posting_date, entry.effective_on, entry.line_count) == (DAY, DAY, 2)
    lines = entry.lines.values_list("line_no", "account", "party", "lot", "product_group", "currency")
    assert list(lines) == [
        (1, "1100", "account:5", "purchase:17", "CREDITS", "GBP"),
        (2, "2400", "account:5", "purchase:17", "CREDITS", "GBP"),
    ]


def test_the_same_event_again_gives_the_first_entry_back():
    assert make_entry() == make_entry()
    assert JournalLine.objects.count() == 2


@pytest.mark.parametrize(
    "change", [{"amount": "100.01"}, {"currency": "GBP"}, {"credit": "2410"}, {"lot": "purchase:1"}]
)
def test_the_same_event_with_other_lines_is_refused(change):
    make_entry()
    with pytest.raises(EventKeyReused, match="test:1 is already posted with other lines"):
        make_entry(**change)
    assert trial_balance()["2400"]["USD"] == -100


def test_an_event_without_amounts_posts_nothing():
    assert make_entry(amount="0") is None
    assert not JournalEntry.objects.exists()


def test_lines_without_amount_are_left_out_and_the_rest_numbered_without_gap():
    nothing = Line(account="6100")
    entry = make_entry(lines=[nothing, *pair("1100", "2400", amount=Decimal(5), amount_lcy=Decimal(5)), nothing])
    assert list(entry.lines.values_list("line_no", "account")) == [(1, "1100"), (2, "2400")]


def test_an_exchange_difference_has_an_amount_in_lcy_alone():
    refund = pair("2400", "2450", amount=Decimal("150.00"), amount_lcy=Decimal("190.67"))
    difference = [Line(account="6100", debit_lcy=Decimal("4.33")), Line(account="2450", credit_lcy=Decimal("4.33"))]
    make_entry(currency="GBP", lines=[*refund, *difference])
    assert trial_balance()["6100"] == {"GBP": 0, "LCY": Decimal("4.33")}
    assert trial_balance()["2450"] == {"GBP": Decimal(-150), "LCY": Decimal("-195.00")}


def test_a_reversal_mirrors_what_was_stored_and_both_can_be_found_from_each_other():
    entry = make_entry(amount="33.33", currency="GBP", lot="purchase:17", product_group="CREDITS")
    mirror = undo(entry)
    assert trial_balance() == {}
    assert (mirror.reverses, entry.reversed_by, mirror.reason) == (entry, mirror, "A slip")
    assert list(mirror.lines.values_list("account", "debit", "credit_lcy", "lot", "product_group")) == [
        ("1100", 0, Decimal("66.66"), "purchase:17", "CREDITS"),
        ("2400", Decimal("33.33"), 0, "purchase:17", "CREDITS"),
    ]


def test_a_reversal_happens_once_and_the_same_one_again_is_harmless():
    entry = make_entry()
    mirror = undo(entry)
    assert undo(entry) == mirror
    with pytest.raises(AlreadyReversed, match=f"{entry} is already reversed, by {mirror}"):
        undo(entry, "test:1:undo-again")
    assert JournalEntry.objects.count() == 2


def test_a_reversal_is_not_reversed():
    mirror = undo(make_entry())
    with pytest.raises(NotReversible, match="itself a reversal"):
        undo(mirror, "test:1:undo:undo")


def test_a_reversal_is_never_earlier_than_what_it_reverses():
    assert undo(make_entry(on=DAY), effective_on=DAY - datetime.timedelta(days=9)).effective_on == DAY


def test_a_late_event_goes_to_the_first_open_day_and_keeps_its_own():
    controller = make_user("controller")
    for month in (9, 10):
        make_period(2026, month, closed_by=controller)
    make_period(2026, 11)
    entry = make_entry(on=datetime.date(2026, 9, 14))
    assert (entry.effective_on, entry.posting_date) == (datetime.date(2026, 9, 14), datetime.date(2026, 11, 1))
    # No period covers August; behind a closed one it is closed all the same.
    assert make_entry("test:2", on=datetime.date(2026, 8, 31)).posting_date == datetime.date(2026, 11, 1)


def test_a_missing_account_names_its_cell():
    PostingSetup.objects.filter(business_group="EXPORT").update(breakage=None)
    cell = {"product_group": "CREDITS", "needed": ("deferral", "breakage")}
    assert posting_accounts(business_group="DOMESTIC", **cell) == {"deferral": "2400", "breakage": "4090"}
    with pytest.raises(MissingAccount, match="no breakage account for business group EXPORT and product group CREDITS"):
        posting_accounts(business_group="EXPORT", **cell)
    with pytest.raises(MissingAccount, match="no deferral account for business group MOON"):
        posting_accounts(business_group="MOON", **cell)


def test_the_rate_of_a_day_is_the_latest_that_starts_on_or_before_it():
    pound = Currency.objects.get(code="GBP")
    make_rate("GBP", "1.25", starting_on=datetime.date(2026, 1, 1))
    make_rate("GBP", "1.2711", starting_on=DAY)
    assert rate_on(pound, DAY - datetime.timedelta(days=1)) == Decimal("1.25")
    assert rate_on(pound, DAY) == Decimal("1.2711")
    assert rate_on(Currency.objects.get(code="USD"), datetime.date(1990, 1, 1)) == 1
    with pytest.raises(MissingRate, match="no exchange rate for GBP on 31 Dec 2025"):
        rate_on(pound, datetime.date(2025, 12, 31))


def test_a_blocked_account_takes_no_posting():
    LedgerAccount.objects.filter(code="2400").update(blocked=True)
    with pytest.raises(BlockedAccount, match="2400 Deferred revenue, services credits is blocked"):
        make_entry()
    assert not JournalEntry.objects.exists()


def test_what_was_posted_can_be_shown_line_by_line_in_one_query(django_assert_num_queries):
    make_period(2026, 10, closed_by=make_user("controller"))
    with recording() as entries:
        make_entry(amount="250.00", currency="GBP")
        make_entry("test:2", on=datetime.date(2026, 10, 5))
    with django_assert_num_queries(1):
        lines = posting_lines(entries)
    assert [(line.account_code, line.account_name, line.debit, line.credit, line.note) for line in lines] == [
        ("1100", "Receivables", 250, 0, ""),
        ("2400", "Deferred revenue, services credits", 0, 250, ""),
        ("1100", "Receivables", 100, 0, "posted on 1 Nov 2026, effective 5 Oct 2026"),
        ("2400", "Deferred revenue, services credits", 0, 100, "posted on 1 Nov 2026, effective 5 Oct 2026"),
    ]
    assert {(line.currency, line.decimals, line.lcy, line.lcy_decimals) for line in lines[:2]} == {("GBP", 2, "USD", 2)}
    assert (lines[0].debit_lcy, lines[1].credit_lcy) == (500, 500)


def test_nothing_posted_shows_nothing_without_a_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert posting_lines([]) == []


def test_many_entries_are_summed_by_account_and_currency_over_all_portions():
    totals = PostingTotals()
    for number in range(3):
        totals.add([make_entry(f"test:{number}", "10").pk])
    totals.add(
        [make_entry("test:gbp", "7", currency="GBP").pk, make_entry("test:back", "4", debit="2400", credit="1100").pk]
    )
    totals.add([])
    shown = [(line.account_code, line.currency, line.debit, line.credit, line.debit_lcy) for line in totals.lines()]
    assert shown == [
        ("1100", "GBP", 7, 0, 14),
        ("1100", "USD", 30, 4, 30),
        ("2400", "GBP", 0, 7, 0),
        ("2400", "USD", 4, 30, 4),
    ]
