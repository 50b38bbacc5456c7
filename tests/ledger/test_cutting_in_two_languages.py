"""What is cut in Python and what is cut in SQL is the same cut, and ends at zero in any order of parts."""

import itertools
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.money import share

DIGITS = st.integers(0, 3)


def cumulative(rows: list[tuple]) -> list[Decimal]:
    """R(k) as the database cuts it, of (total, units, whole, decimals)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_cumulative(total, units, whole, decimals)"
            " FROM unnest(%s::numeric[], %s::numeric[], %s::numeric[], %s::integer[]) WITH ORDINALITY"
            " AS asked (total, units, whole, decimals, place) ORDER BY place",
            [list(column) for column in zip(*rows, strict=True)],
        )
        return [level for (level,) in cursor.fetchall()]


@st.composite
def cuts(draw) -> tuple[Decimal, Decimal, Decimal, int]:
    """An amount up to the largest there is, so many parts of a whole of it; halves among them."""
    decimals = draw(DIGITS)
    scale = Decimal(1).scaleb(-decimals)
    total = draw(st.integers(0, 10**19)) * scale
    parts = Decimal(1).scaleb(-draw(st.integers(0, 4)))
    whole = draw(st.integers(1, 10**18) | st.sampled_from([2, 4, 8, 200]))
    return total, draw(st.integers(0, whole)) * parts, whole * parts, decimals


@pytest.mark.django_db
def test_the_database_cuts_as_python_does():
    asked: list[tuple] = []

    @settings(max_examples=200, database=None, derandomize=True)
    @given(cuts())
    def collect(cut):
        asked.append(cut)

    collect()
    assert len(asked) > 100
    assert cumulative(asked) == [share(total, units, whole, decimals) for total, units, whole, decimals in asked]


@pytest.mark.django_db
def test_halves_are_rounded_up_in_both():
    numbers = [("1", "1", "2", 0), ("0.01", "1", "2", 2), ("317.78", "100", "250", 2), ("0.001", "0.5", "1", 3)]
    asked = [(Decimal(total), Decimal(units), Decimal(whole), digits) for total, units, whole, digits in numbers]
    told = [Decimal(1), Decimal("0.01"), Decimal("127.11"), Decimal("0.001")]
    assert cumulative(asked) == told == [share(*cut) for cut in asked]


@pytest.mark.parametrize(
    ("amount", "decimals", "lcy", "lcy_decimals"),
    [("1001", 0, "6.67", 2), ("7.001", 3, "23", 0), ("0.003", 3, "0.01", 2), ("250.00", 2, "317.78", 2)],
)
def test_any_order_of_parts_ends_at_zero_in_both_currencies(amount, decimals, lcy, lcy_decimals):
    """A receipt in yen, in dinars, one of three fils: what is gone takes its share of the LCY, never less than before, and
    the last part takes the rest."""
    whole, whole_lcy = Decimal(amount), Decimal(lcy)
    unit = Decimal(1).scaleb(-decimals)
    first = max(unit, (whole / 7).quantize(unit))
    second = max(unit, (whole / 3).quantize(unit))
    for parts in itertools.permutations([first, second, whole - first - second]):
        gone, taken = Decimal(0), Decimal(0)
        for part in parts:
            gone += part
            level = share(whole_lcy, gone, whole, lcy_decimals)
            assert level >= taken
            taken = level
        assert (gone, taken) == (whole, whole_lcy)
