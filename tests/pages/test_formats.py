import datetime
from decimal import Decimal

import pytest

from pages import formats, markup
from pages.formats import Cur
from pages.templatetags.pages import lot_bar

USD, JPY, KWD = Cur("USD", 2), Cur("JPY", 0), Cur("KWD", 3)
TODAY = datetime.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("value", "currency", "read"),
    [
        ("1234.56", USD, "USD\u00a01,234.56"),
        ("-1234.5", USD, "USD\u00a0\u22121,234.50"),
        ("-0.001", USD, "USD\u00a00.00"),
        ("1234567", JPY, "JPY\u00a01,234,567"),
        ("0.0005", KWD, "KWD\u00a00.001"),
        ("99999999999999999999.99", USD, "USD\u00a099,999,999,999,999,999,999.99"),
    ],
)
def test_money_is_read_with_its_currency_and_its_decimals(value, currency, read):
    assert formats.money(Decimal(value), currency) == read


def test_a_negative_amount_is_unmistakable():
    assert markup.money(Decimal("-1"), USD) == '<span class="amount negative">USD\u00a0\u22121.00</span>'


def test_zero_is_a_dash_in_tables_and_zero_elsewhere():
    assert markup.money(Decimal("0.00"), USD, zero="–") == "–"
    assert "USD\u00a00.00" in markup.money(Decimal(0), USD)
    assert markup.credits(None) == "–"


@pytest.mark.parametrize(
    ("days", "read"),
    [(37, "in 37 days"), (1, "tomorrow"), (0, "today"), (-1, "yesterday"), (-1200, "1,200 days ago")],
)
def test_how_far_away_a_day_is(days, read):
    assert formats.days_away(TODAY + datetime.timedelta(days=days), TODAY) == read


@pytest.mark.parametrize(("days", "tone"), [(31, "later"), (30, "soon"), (0, "soon"), (-1, "past")])
def test_an_expiry_is_amber_from_thirty_days_before(days, tone):
    assert f'class="away {tone}"' in markup.days_away(TODAY + datetime.timedelta(days=days), TODAY)


def test_markup_escapes_what_it_is_given():
    assert "<b>" not in markup.badge("<b>", '"><i>')


def test_a_lot_is_read_in_words_and_its_parts_stand_in_order():
    bar = lot_bar(consumed=1, allocated=2, available=1, expired=0)
    assert 'aria-label="1 consumed, 2 allocated, 1 available"' in bar
    assert 'x="25.000%" width="50.000%"' in bar
    assert "style=" not in bar
    assert 'aria-label="nothing"' in lot_bar()
