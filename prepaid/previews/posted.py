"""What is posted and what is left, in the words of a panel."""

from collections.abc import Sequence
from decimal import Decimal

from ledger.money import ZERO
from pages import formats
from pages.preview import PostingLine
from prepaid.models import PrepaidService
from prepaid.shown import quantity


def posted_sum(postings: Sequence[PostingLine]) -> str:
    """The debits per currency, for the button: USD 800.00. Nothing where nothing is posted."""
    sums: dict[tuple[str, int], Decimal] = {}
    for line in postings:
        currency = (line.currency, line.decimals)
        sums[currency] = sums.get(currency, ZERO) + line.debit
    return ", ".join(formats.money(amount, formats.Cur(*currency)) for currency, amount in sums.items() if amount)


def counted(service: PrepaidService, amount: Decimal, units: Decimal) -> str:
    """An amount with its currency or a quantity with its unit, whichever the service counts in."""
    if not service.is_amount:
        return quantity(units, service.unit_of_measure)
    return formats.money(amount, service.currency) if service.currency else formats.NOTHING


def outstanding(service: PrepaidService) -> str:
    """What is left of the service now, inside the transaction."""
    found = PrepaidService.objects.with_balances().select_related("currency").get(pk=service.pk)
    return counted(found, found.outstanding, found.outstanding_quantity)
