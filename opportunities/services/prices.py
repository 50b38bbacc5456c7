"""What a price has to keep, on a product and on a line alike."""

from decimal import Decimal

from ledger.models import Currency
from ledger.money import has_decimals
from opportunities.exceptions import BadPrice

MAX_DIGITS = 18
MAX_CREDITS = 10**18 - 1


def check_price(price: Decimal, currency: Currency) -> None:
    """Refused (BadPrice): below zero, more decimals than the currency has, more than 18 digits."""
    if price < 0:
        raise BadPrice(f"The price {price} is below zero.", field="unit_price")
    if not has_decimals(price, currency.decimals):
        allowed = f"{currency.decimals} decimals" if currency.decimals else "no decimals"
        raise BadPrice(
            f"The price {price.normalize():f} has more decimals than {currency} has: {allowed}.", field="unit_price"
        )
    if price >= Decimal(10) ** (MAX_DIGITS - currency.decimals):
        raise BadPrice(f"The price {price:f} has more than {MAX_DIGITS} digits.", field="unit_price")


def check_credits(credits: int | None) -> None:
    """Refused (BadPrice): fewer than one credit, more than 18 digits. None is none."""
    if credits is not None and credits < 1:
        raise BadPrice(
            f"{credits:,} services credits: enter at least one, or leave it empty.", field="services_credits"
        )
    if credits is not None and credits > MAX_CREDITS:
        raise BadPrice(f"{credits:,} services credits have more than {MAX_DIGITS} digits.", field="services_credits")
