"""The cumulative cut in SQL, against fractions: exact for any total, and the parts end at the whole in any order."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledger.money import round_to, to_lcy

pytestmark = pytest.mark.django_db
HUGE = 10**36  # 18 digits of credits at a price of 18 digits

SLOW_START = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def half_up(value: Fraction) -> int:
    """Of a value that is not negative."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def cumulative(total: Decimal, units: list[int], whole: int, decimals: int) -> list[Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_cumulative(%s::numeric, k, %s::numeric, %s)"
            " FROM unnest(%s::numeric[]) WITH ORDINALITY u(k, place) ORDER BY place",
            [total, whole, decimals, units],
        )
        return [row[0] for row in cursor.fetchall()]


@st.composite
def lots(draw):
    decimals = draw(st.integers(0, 3))
    minor = draw(st.integers(0, HUGE * 10**decimals))
    whole = draw(st.integers(1, 10**18))
    units = draw(st.lists(st.integers(0, whole), min_size=1, max_size=8))
    return minor, whole, units, decimals


@SLOW_START
@given(lots())
@example((5, 2, [1], 0))
@example((31778, 5, [1, 2, 3, 4, 5], 2))
@example((HUGE * 1000 - 1, 10**18, [1, 10**18 - 1], 3))
def test_the_cut_is_the_share_rounded_half_up(lot):
    minor, whole, units, decimals = lot
    total = Decimal(f"{minor}E-{decimals}")  # exact, whatever the context
    expected = [half_up(Fraction(minor * k, whole)) for k in units]
    with localcontext(prec=96):
        assert [amount.scaleb(decimals) for amount in cumulative(total, units, whole, decimals)] == expected


@SLOW_START
@given(lots())
def test_parts_drawn_in_any_order_never_go_down_and_end_at_the_whole(lot):
    minor, whole, units, decimals = lot
    total = Decimal(f"{minor}E-{decimals}")  # exact, whatever the context
    steps = cumulative(total, [0, *sorted(units), whole, whole + 1], whole, decimals)
    assert steps[0] == 0
    assert steps == sorted(steps)
    assert steps[-2:] == [total, total]


def test_the_worked_example():
    assert cumulative(Decimal("317.78"), [2, 4, 5], 5, 2) == [Decimal("127.11"), Decimal("254.22"), Decimal("317.78")]


@given(st.integers(-(10**20), 10**20), st.integers(0, 3))
def test_amounts_are_rounded_half_away_from_zero(tenths, decimals):
    value = Decimal(tenths).scaleb(-decimals - 1)
    sign = -1 if tenths < 0 else 1
    assert round_to(value, decimals).scaleb(decimals) == sign * half_up(Fraction(abs(tenths), 10))


@pytest.mark.parametrize(
    ("amount", "rate", "decimals", "lcy"),
    [("250.00", "1.2711", 2, "317.78"), ("1", "0.5", 0, "1"), ("0.001", "0.4", 3, "0.000"), ("3", "155.55", 0, "467")],
)
def test_lcy_is_rounded_half_up_to_its_decimals(amount, rate, decimals, lcy):
    assert to_lcy(Decimal(amount), Decimal(rate), decimals) == Decimal(lcy).quantize(
        Decimal(1).scaleb(-decimals), ROUND_HALF_UP
    )
