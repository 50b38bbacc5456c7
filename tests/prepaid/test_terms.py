"""How long a commitment runs: initial term, extensions, notice; the ends of months, 29 February, what has no term."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaid.periods import BadTerm, Term
from prepaid.terms import Agreed

D = datetime.date
DAY = datetime.timedelta(days=1)
DAYS = st.dates(D(2020, 1, 1), D(2040, 12, 31))
TERMS = st.sampled_from(["30D", "2W", "1M", "3M", "1Q", "1Y"])


@pytest.mark.parametrize(
    ("starts_on", "initial", "extension", "ends"),
    [
        (D(2026, 1, 1), "1Y", "1Y", [D(2026, 12, 31), D(2027, 12, 31), D(2028, 12, 31)]),
        (D(2026, 1, 31), "1M", "1M", [D(2026, 2, 27), D(2026, 3, 30), D(2026, 4, 29), D(2026, 5, 30)]),
        (D(2024, 2, 29), "1Y", "1Y", [D(2025, 2, 27), D(2026, 2, 27), D(2027, 2, 27), D(2028, 2, 28)]),
        (D(2026, 8, 31), "1Q", "1M", [D(2026, 11, 29), D(2026, 12, 30), D(2027, 1, 30), D(2027, 2, 27)]),
        (D(2026, 1, 1), "30D", "2W", [D(2026, 1, 30), D(2026, 2, 13), D(2026, 2, 27)]),
        (D(2026, 1, 31), "1M", "10D", [D(2026, 2, 27), D(2026, 3, 9), D(2026, 3, 19)]),
    ],
    ids=["years", "from the 31st", "from 29 February", "a quarter and months", "days and weeks", "a month and days"],
)
def test_each_term_is_counted_from_the_first_day_and_never_chained(starts_on, initial, extension, ends):
    agreed = Agreed.parse(initial, extension)
    assert [agreed.term_end(starts_on, number) for number in range(len(ends))] == ends


def test_the_term_that_holds_a_day():
    agreed, start = Agreed.parse("1Y", "3M"), D(2026, 1, 1)
    for on, until in (
        (D(2025, 6, 1), D(2026, 12, 31)),  # before it starts
        (D(2026, 1, 1), D(2026, 12, 31)),
        (D(2026, 12, 31), D(2026, 12, 31)),
        (D(2027, 1, 1), D(2027, 3, 31)),
        (D(2027, 4, 1), D(2027, 6, 30)),
    ):
        assert agreed.runs_until(start, on) == until


def test_without_an_extension_it_ends_by_itself():
    agreed = Agreed.parse("6M")
    assert agreed.fixed_end(D(2026, 8, 31)) == D(2027, 2, 27)
    assert agreed.runs_until(D(2026, 8, 31), D(2030, 1, 1)) == D(2027, 2, 27)
    assert agreed.term_end(D(2026, 8, 31), 5) == D(2027, 2, 27)
    assert Agreed.parse("6M", "6M").fixed_end(D(2026, 8, 31)) is None


def test_without_a_term_it_ends_with_the_notice_and_never_before_its_first_day():
    agreed = Agreed.parse(notice="1M")
    assert agreed.term_end(D(2026, 1, 1), 0) is agreed.runs_until(D(2026, 1, 1), D(2026, 5, 1)) is None
    assert agreed.earliest_end(D(2026, 1, 1), D(2026, 5, 31)) == D(2026, 6, 30)
    assert agreed.earliest_end(D(2026, 9, 1), D(2026, 5, 31)) == D(2026, 9, 1)
    assert Agreed.parse().earliest_end(D(2026, 1, 1), D(2026, 5, 31)) == D(2026, 5, 31)
    assert Agreed.parse().fixed_end(D(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("on", "end"),
    [
        (D(2026, 9, 30), D(2026, 12, 31)),  # the last day in time: three months on it is 30 December
        (D(2026, 10, 1), D(2027, 12, 31)),  # one day late: three months on it is 1 January
        (D(2025, 11, 1), D(2026, 12, 31)),  # before it starts
        (D(2028, 1, 15), D(2028, 12, 31)),
    ],
)
def test_a_notice_ends_it_with_the_first_term_for_which_it_is_in_time(on, end):
    agreed = Agreed.parse("1Y", "1Y", "3M")
    assert agreed.earliest_end(D(2026, 1, 1), on) == end
    assert on <= agreed.last_notice(end)


@pytest.mark.parametrize(
    ("notice", "end", "last"),
    [
        ("", D(2026, 12, 31), D(2026, 12, 31)),
        ("30D", D(2026, 12, 31), D(2026, 12, 1)),
        ("3M", D(2026, 12, 31), D(2026, 9, 30)),
        ("1M", D(2026, 3, 30), D(2026, 2, 28)),  # from the 28th a month leads to 28 March
        ("1M", D(2026, 2, 27), D(2026, 1, 27)),
        ("1M", D(2026, 2, 28), D(2026, 1, 31)),  # from the 29th, 30th and 31st as well
        ("1Y", D(2028, 2, 29), D(2027, 2, 28)),
    ],
)
def test_the_last_day_of_a_notice(notice, end, last):
    assert Agreed.parse(notice=notice).last_notice(end) == last


@given(starts_on=DAYS, on=DAYS, initial=TERMS, extension=TERMS, notice=TERMS)
def test_the_last_notice_is_in_time_and_the_day_after_it_is_not(starts_on, on, initial, extension, notice):
    agreed = Agreed.parse(initial, extension, notice)
    end = agreed.earliest_end(starts_on, on)
    last = agreed.last_notice(end)
    assert agreed.notice is not None
    assert agreed.notice.after(last, 1) <= end < agreed.notice.after(last + DAY, 1)
    assert agreed.earliest_end(starts_on, last) <= end < agreed.earliest_end(starts_on, last + DAY)
    assert end >= starts_on


@given(starts_on=DAYS, on=DAYS, initial=TERMS, extension=TERMS)
def test_terms_follow_each_other_without_gap(starts_on, on, initial, extension):
    agreed = Agreed.parse(initial, extension)
    end = agreed.runs_until(starts_on, max(starts_on, on))
    assert end is not None and end >= max(starts_on, on)
    following = agreed.runs_until(starts_on, end + DAY)
    assert following is not None and following > end


def test_what_is_no_term_is_refused():
    for text in ("M", "0M", "1X", "1M+1D", "-1M", "10000D", "1 M 1"):
        with pytest.raises(BadTerm, match="is no period: enter one term"):
            Term.parse(text)
    assert Term.parse(" 1 y ") == Term(months=12)
    with pytest.raises(BadTerm, match="9999"):
        Term.parse("9999Y").after(D(2026, 1, 1), 1)
