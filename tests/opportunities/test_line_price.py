"""What a line costs: quantity × unit price less the discount, rounded half up to the currency's decimals."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.models import Currency
from opportunities.models import Opportunity, OpportunityLine, Product

quantities = st.decimals(min_value="0.0001", max_value="99999999999.9999", places=4)
discounts = st.decimals(min_value=0, max_value=100, places=3)
prices = st.integers(min_value=0, max_value=10**18 - 1)


def priced(quantity, price, discount, decimals=2) -> Decimal:
    opportunity = Opportunity(currency=Currency(code="XXX", decimals=decimals))
    line = OpportunityLine(opportunity=opportunity, quantity=quantity, unit_price=price, discount_percent=discount)
    line.price()
    return line.total


@given(quantity=quantities, units=prices, discount=discounts, decimals=st.integers(0, 3))
def test_it_is_the_exact_amount_rounded_half_up(quantity, units, discount, decimals):
    price = Decimal(units).scaleb(-decimals)
    exact = Fraction(quantity) * Fraction(price) * (1 - Fraction(discount) / 100)
    units_of_total = math.floor(exact * 10**decimals + Fraction(1, 2))
    assert Fraction(priced(quantity, price, discount, decimals)) == Fraction(units_of_total, 10**decimals)


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "decimals", "total"),
    [
        ("1", "1000.00", "0", 2, "1000.00"),
        ("3", "0.335", "0", 2, "1.01"),  # 1.005
        ("1", "100.00", "33.333", 2, "66.67"),
        ("1", "100.00", "100", 2, "0.00"),
        ("0.5", "101", "0", 0, "51"),
        ("1.5", "0.001", "0", 3, "0.002"),
    ],
)
def test_examples(quantity, price, discount, decimals, total):
    assert priced(Decimal(quantity), Decimal(price), Decimal(discount), decimals) == Decimal(total)


@pytest.mark.parametrize(
    ("credits", "quantity", "proposed"),
    [(7, "3", 21), (7, "0.5", None), (10, "0.5", 5), (1, "0.5", None), (None, "3", None), (10**17, "9", 9 * 10**17)],
)
def test_credits_are_proposed_where_they_are_whole(credits, quantity, proposed):
    line = OpportunityLine(product=Product(services_credits=credits), quantity=Decimal(quantity))
    assert line.proposed_credits() == proposed
