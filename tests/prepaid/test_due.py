"""Which days of a commitment are to be billed, pure: no day is left out, none is billed twice, and the anchor decides."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from prepaid.due import Rhythm, due_periods
from prepaid.periods import Period, Term, period

D = datetime.date
DAY = datetime.timedelta(days=1)


def due(rhythm: str, anchor: datetime.date, until: datetime.date, *, start=None, end=None, billed=(), prices=()):
    found = due_periods(Rhythm(Term.parse(rhythm), anchor, start or anchor, end), billed, prices, until)
    return [(each.starts_on, each.ends_on) for each in found]


def starts(rhythm: str, anchor: datetime.date, until: datetime.date) -> list[datetime.date]:
    return [first for first, _ in due(rhythm, anchor, until)]


def test_from_the_29th_30th_and_31st_of_january_there_is_one_period_a_month():
    """Row 5. Origin: openmeter#1408, recurrence broke on 29, 30, 31 January."""
    assert starts("1M", D(2026, 1, 29), D(2026, 5, 31)) == [
        D(2026, 1, 29), D(2026, 2, 28), D(2026, 3, 29), D(2026, 4, 29), D(2026, 5, 29),
    ]  # fmt: skip
    assert starts("1M", D(2026, 1, 30), D(2026, 4, 30)) == [
        D(2026, 1, 30), D(2026, 2, 28), D(2026, 3, 30), D(2026, 4, 30),
    ]  # fmt: skip
    assert starts("1M", D(2026, 1, 31), D(2026, 6, 30)) == [
        D(2026, 1, 31), D(2026, 2, 28), D(2026, 3, 31), D(2026, 4, 30), D(2026, 5, 31), D(2026, 6, 30),
    ]  # fmt: skip


def test_in_a_leap_year_february_is_29_days_long():
    assert due("1M", D(2028, 1, 31), D(2028, 3, 31)) == [
        (D(2028, 1, 31), D(2028, 2, 28)),
        (D(2028, 2, 29), D(2028, 3, 30)),
        (D(2028, 3, 31), D(2028, 4, 29)),
    ]


def test_years_from_the_29th_of_february_come_back_to_it():
    assert due("1Y", D(2028, 2, 29), D(2032, 2, 29)) == [
        (D(2028, 2, 29), D(2029, 2, 27)),
        (D(2029, 2, 28), D(2030, 2, 27)),
        (D(2030, 2, 28), D(2031, 2, 27)),
        (D(2031, 2, 28), D(2032, 2, 28)),
        (D(2032, 2, 29), D(2033, 2, 27)),
    ]


def test_a_period_that_begins_on_the_day_is_due_and_one_that_begins_after_it_is_not():
    assert due("1M", D(2026, 1, 1), D(2026, 2, 1)) == [
        (D(2026, 1, 1), D(2026, 1, 31)),
        (D(2026, 2, 1), D(2026, 2, 28)),
    ]
    assert due("1M", D(2026, 1, 1), D(2026, 1, 31)) == [(D(2026, 1, 1), D(2026, 1, 31))]
    assert due("1M", D(2026, 1, 1), D(2025, 12, 31)) == []


def test_a_start_after_the_anchor_gives_a_short_first_period():
    assert due("1Q", D(2026, 1, 1), D(2026, 4, 1), start=D(2026, 2, 10)) == [
        (D(2026, 2, 10), D(2026, 3, 31)),
        (D(2026, 4, 1), D(2026, 6, 30)),
    ]


def test_an_end_gives_a_short_last_period_and_nothing_after_it():
    assert due("1Q", D(2026, 1, 1), D(2026, 12, 31), end=D(2026, 5, 10)) == [
        (D(2026, 1, 1), D(2026, 3, 31)),
        (D(2026, 4, 1), D(2026, 5, 10)),
    ]


def test_a_change_of_price_cuts_the_period():
    assert due("1Q", D(2026, 1, 1), D(2026, 1, 1), prices=[D(2026, 1, 1), D(2026, 2, 15)]) == [
        (D(2026, 1, 1), D(2026, 2, 14))
    ]
    assert due("1Q", D(2026, 1, 1), D(2026, 2, 15), prices=[D(2026, 1, 1), D(2026, 2, 15)]) == [
        (D(2026, 1, 1), D(2026, 2, 14)),
        (D(2026, 2, 15), D(2026, 3, 31)),
    ]


def test_billing_again_finds_nothing():
    """Row 5. Origin: openmeter#2166, a top-up was counted twice at a boundary."""
    first = due("1M", D(2026, 1, 31), D(2026, 3, 31))
    assert due("1M", D(2026, 1, 31), D(2026, 3, 31), billed=[Period(*each) for each in first]) == []


def test_a_hole_that_a_credit_memo_or_a_deleted_invoice_left_is_filled_and_no_more():
    """January and March to May are billed; of the middle of April the days are free again."""
    billed = [
        Period(D(2026, 1, 1), D(2026, 1, 31)),
        Period(D(2026, 3, 1), D(2026, 4, 9)),
        Period(D(2026, 4, 21), D(2026, 5, 31)),
    ]
    assert due("1M", D(2026, 1, 1), D(2026, 6, 1), billed=billed) == [
        (D(2026, 2, 1), D(2026, 2, 28)),
        (D(2026, 4, 10), D(2026, 4, 20)),
        (D(2026, 6, 1), D(2026, 6, 30)),
    ]


def test_days_and_weeks_are_counted_as_such():
    assert due("2W", D(2026, 1, 1), D(2026, 1, 29)) == [
        (D(2026, 1, 1), D(2026, 1, 14)),
        (D(2026, 1, 15), D(2026, 1, 28)),
        (D(2026, 1, 29), D(2026, 2, 11)),
    ]


days = st.dates(D(2020, 1, 1), D(2032, 12, 31))
terms = st.sampled_from(["1D", "10D", "1W", "2W", "1M", "2M", "1Q", "1Y"])


@given(days, terms, st.integers(0, 400), st.integers(0, 500), st.none() | st.integers(0, 700), st.lists(days, max_size=3),
       st.lists(st.tuples(st.integers(0, 500), st.integers(0, 90)), max_size=3))  # fmt: skip
def test_no_gap_no_overlap_whatever_was_billed(anchor, term, late, ahead, length, changes, taken):
    """What is billed and what is due are together every day from the start to the end of the last due period, each once."""
    start = anchor + late * DAY
    end = None if length is None else start + length * DAY
    until = start + ahead * DAY
    billed: list[Period] = []
    for first, count in sorted(taken):
        each = Period(start + first * DAY, start + (first + count) * DAY)
        if not billed or each.starts_on > billed[-1].ends_on:
            billed.append(each)
    found = due_periods(Rhythm(Term.parse(term), anchor, start, end), billed, changes, until)
    seen = [day for each in (*found, *billed) for day in _days(each)]
    assert len(seen) == len(set(seen)), "a day is billed twice"
    wanted = set(_days(Period(start, min(until, end or until))))
    assert wanted <= set(seen), "a day up to the last is left out"
    for each in found:
        assert each.starts_on <= until and each.ends_on >= each.starts_on
        assert end is None or each.ends_on <= end
        assert not any(each.starts_on < change <= each.ends_on for change in changes)


def _days(each: Period) -> list[datetime.date]:
    return [each.starts_on + count * DAY for count in range(each.days)]


@given(days, terms, st.integers(1, 30))
def test_periods_are_those_of_the_anchor_never_chained(anchor, term, count):
    """A period is the same, whenever it is billed."""
    parsed = Term.parse(term)
    until = parsed.after(anchor, count)
    found = due_periods(Rhythm(parsed, anchor, anchor), [], [], until)
    assert found == [period(anchor, parsed, number) for number in range(count + 1)]
    billed: list[Period] = []
    for each in found:
        billed += due_periods(Rhythm(parsed, anchor, anchor), billed, [], each.starts_on)
    assert billed == found
