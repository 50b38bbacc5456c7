"""Contract deferrals and billing periods, worked cases and rules. No database."""

import csv
import datetime
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaid.periods import BadTerm, Term, number_of, period, price_of
from prepaid.schedules import schedule

CASES = list(csv.DictReader(Path(__file__).with_name("contract-deferrals.csv").open(encoding="utf-8")))
BY_CASE = {name: list(rows) for name, rows in groupby(CASES, key=lambda row: row["case"])}
ANCHORS = st.dates(datetime.date(2020, 1, 1), datetime.date(2032, 12, 31))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize("by_equal_months", [False, True], ids=["cumulative", "Business Central"])
@pytest.mark.parametrize("name", BY_CASE)
def test_the_worked_schedules(name, by_equal_months):
    rows = BY_CASE[name]
    parts = schedule(
        Decimal(rows[0]["amount"]),
        day(rows[0]["billing_from"]),
        day(rows[0]["billing_to"]),
        decimals=2,
        by_equal_months=by_equal_months,
    )
    column = "business_central_amount" if by_equal_months else "line_amount"
    assert [(part.starts_on, part.ends_on, part.days, part.amount) for part in parts] == [
        (day(row["part_from"]), day(row["part_to"]), int(row["days"]), Decimal(row[column])) for row in rows
    ]


@settings(max_examples=300, deadline=None)
@given(units=st.integers(1, 500), months=st.integers(1, 60), anchor=ANCHORS, decimals=st.sampled_from([0, 2, 3]))
def test_no_part_is_negative_and_each_is_within_a_unit_of_its_share(units, months, anchor, decimals):
    """A deferral of 0.02 over four months was 0.01, 0.01, 0.01 and -0.01 (crbnos/carbon#1287)."""
    starts_on = anchor.replace(day=1)
    net, whole = Decimal(units).scaleb(-decimals), period(starts_on, Term(months=months), 0)
    parts = schedule(net, whole.starts_on, whole.ends_on, decimals=decimals)
    assert len(parts) == months
    assert sum(part.amount for part in parts) == net
    assert all(
        part.amount >= 0 and abs(part.amount * months - net) < months * Decimal(1).scaleb(-decimals) for part in parts
    )


@given(net=st.decimals(0, 10**6, places=2), anchor=ANCHORS, days=st.integers(0, 800))
def test_any_period_is_covered_day_by_day(net, anchor, days):
    ends_on = anchor + datetime.timedelta(days=days)
    parts = schedule(net, anchor, ends_on, decimals=2)
    assert sum(part.days for part in parts) == days + 1
    assert sum(part.amount for part in parts) == net
    assert all(part.amount >= 0 for part in parts)
    assert sum(part.amount for part in schedule(net, anchor, ends_on, decimals=2, by_equal_months=True)) == net


def test_a_period_that_ends_before_it_starts():
    with pytest.raises(ValueError, match="before it starts"):
        schedule(Decimal(1), datetime.date(2026, 2, 1), datetime.date(2026, 1, 1), decimals=2)


@pytest.mark.parametrize(
    ("anchor", "text", "starts"),
    [
        ("2026-01-31", "1M", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2026-01-29", "1M", ["2026-01-29", "2026-02-28", "2026-03-29", "2026-04-29"]),
        ("2024-02-29", "1Y", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2026-11-30", "1Q", ["2026-11-30", "2027-02-28", "2027-05-30"]),
        ("2026-01-01", "2W", ["2026-01-01", "2026-01-15", "2026-01-29"]),
    ],
)
def test_periods_count_from_their_anchor(anchor, text, starts):
    """Recurrences broke on 29, 30 and 31 January, and were counted twice at a boundary (openmeter#1408, #2166)."""
    term = Term.parse(text)
    found = [period(day(anchor), term, number) for number in range(len(starts))]
    assert [each.starts_on for each in found] == [day(text) for text in starts]
    for before, after in pairwise(found):
        assert after.starts_on - before.ends_on == datetime.timedelta(days=1)


@given(anchor=ANCHORS, ahead=st.integers(0, 4_000), text=st.sampled_from(["1M", "3M", "1Y", "2W", "30D"]))
def test_every_day_lies_in_one_period(anchor, ahead, text):
    on, term = anchor + datetime.timedelta(days=ahead), Term.parse(text)
    found = period(anchor, term, number_of(anchor, term, on))
    assert found.starts_on <= on <= found.ends_on


@pytest.mark.parametrize("text", ["", "M", "0M", "1M+1D", "-1M", "1X", "CM", "²M", "99999M"])
def test_what_is_no_period(text):
    with pytest.raises(BadTerm):
        Term.parse(text)


def test_one_term_is_a_whole_multiple_of_another_or_not():
    assert Term.parse("1Q").times(Term.parse("1M")) == 3
    assert Term.parse("1Y").times(Term.parse("1Q")) == 4
    assert Term.parse("4W").times(Term.parse("14D")) == 2
    assert Term.parse("1Q").times(Term.parse("2M")) is None
    assert Term.parse("1M").times(Term.parse("1W")) is None


@pytest.mark.parametrize(
    ("starts", "ends", "price"),
    [
        ("2026-01-01", "2026-03-31", "300.00"),  # three whole months
        ("2026-01-01", "2026-01-15", "48.39"),  # 15 of 31 days
        ("2026-01-16", "2026-02-28", "151.61"),  # 16 of 31 days, and a month
        ("2026-02-01", "2026-02-14", "50.00"),  # half of February
    ],
)
def test_the_price_of_a_period_that_is_cut(starts, ends, price):
    month = Term.parse("1M")
    found = price_of(Decimal(100), datetime.date(2026, 1, 1), month, month, day(starts), day(ends), decimals=2)
    assert found == Decimal(price)


def parts(price: str, base: str, rhythm: str, ends: list[datetime.date], decimals: int = 2) -> list[Decimal]:
    """What each of the parts costs that end on these days, from 1 January 2026 on."""
    anchor = datetime.date(2026, 1, 1)
    starts = [anchor, *(each + datetime.timedelta(days=1) for each in ends[:-1])]
    terms = Term.parse(base), Term.parse(rhythm)
    return [
        price_of(Decimal(price), anchor, *terms, first, last, decimals=decimals)
        for first, last in zip(starts, ends, strict=True)
    ]


def test_a_year_billed_by_the_month_is_twelve_equal_parts_that_come_to_its_price():
    ends = [period(datetime.date(2026, 1, 1), Term.parse("1M"), number).ends_on for number in range(12)]
    assert parts("1000", "1Y", "1M", ends) == [Decimal(each) for each in ("83.33", "83.34", "83.33") * 4]
    hours = parts("10", "1Y", "1M", ends, decimals=4)
    assert (sum(hours), set(hours)) == (Decimal(10), {Decimal("0.8333"), Decimal("0.8334")})


def test_part_of_a_step_counts_by_its_days_and_the_parts_still_come_to_the_price():
    """14 of the 28 days of February are half of a twelfth."""
    ends = [day("2026-01-31"), day("2026-02-14"), day("2026-02-28"), day("2026-12-31")]
    assert parts("1200", "1Y", "1M", ends) == [100, 50, 50, 1000]


cuts = st.lists(st.integers(1, 800), min_size=1, max_size=8, unique=True)


@given(cuts, st.sampled_from([("1Y", "1M"), ("1Q", "1M"), ("1M", "1M"), ("1M", "1Y"), ("4W", "1W"), ("30D", "30D")]))
def test_however_a_base_period_is_cut_its_parts_come_to_its_price(places, terms):
    anchor = datetime.date(2026, 1, 1)
    whole = period(anchor, Term.parse(terms[0]), 0).ends_on
    ends = sorted({anchor + datetime.timedelta(days=place) for place in places} | {whole})
    within = [each for each in ends if each <= whole]
    found = parts("99.99", *terms, within)
    assert sum(found) == Decimal("99.99") and min(found) >= 0


def test_a_period_past_the_calendar():
    with pytest.raises(BadTerm, match="9999"):
        Term.parse("1Y").after(datetime.date(2026, 1, 1), 8_000)
    with pytest.raises(BadTerm, match="before the first"):
        number_of(datetime.date(2026, 1, 1), Term.parse("1M"), datetime.date(2025, 12, 31))
