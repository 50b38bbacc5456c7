"""How quantities, and what a prepaid service has of either kind, are read."""

from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from ledger.reports.people import named
from pages import formats, markup
from prepaid.models import PrepaidService


def quantity(value: Decimal, unit: str = "") -> str:
    """1,234.5 HOUR: with the decimals it needs, and a true minus."""
    decimals = max(0, -int(Decimal(value).normalize().as_tuple().exponent))
    return f"{formats.number(value, decimals)}\u00a0{unit}".strip()


def signed_quantity(value: Decimal, unit: str = "", zero: str | None = None) -> SafeString | str:
    """The same with its markup. `zero` is what stands for nothing."""
    if value == 0 and zero is not None:
        return zero
    return markup.signed(quantity(value, unit), value)


def units(
    service: PrepaidService, amount: Decimal, quantity: Decimal, currency: Any = None, zero: str | None = None
) -> SafeString | str:
    """What the service counts in: the amount with its currency, or the quantity with its unit. A service that no entry has
    given a currency yet has none to show."""
    if not service.is_amount:
        return signed_quantity(quantity, service.unit_of_measure, zero)
    currency = currency or service.currency
    return markup.money(amount, currency, zero) if currency else formats.NOTHING


def maker(run: Any) -> str:
    """Who made a billing or a release: somebody, or the night."""
    return named(run.created_by) if run.created_by else "the night"
