"""What an entry by hand must be: looked at when it is asked for, and again when it is approved."""

import datetime
from collections.abc import Iterator

from ledger.dates import business_date
from ledger.models import Currency
from ledger.money import has_decimals
from pages import formats
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, end_of_validity
from prepaid.exceptions import BadEntry
from prepaid.models import EntryRequest, PrepaidService
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.entries import check_takes_entries

LARGEST = 10**16  # whole units of an amount or a quantity


def currency_of(service: PrepaidService, asked: Currency | None) -> Currency:
    """The service's; of a card that names none the one asked for, or else the account's."""
    return service.currency or asked or service.account.currency


def check_terms(service: PrepaidService, request: EntryRequest) -> None:
    """Refused: a closed service (ServiceClosed); a day to come, units that are none of the service, an end before the day,
    a receipt with money behind it but no product group or balancing account, an account that takes no entries by hand, no
    reason (BadEntry)."""
    check_takes_entries(service, service.currency)
    if refusal := next(_refusals(service, request), None):
        raise refusal


def validity(service: PrepaidService, request: EntryRequest) -> datetime.date | None:
    """The last day of use of a receipt: as it was typed, or else as the service's formula says. Refused (BadEntry): a
    formula that gives an earlier day."""
    if request.entry_type == EntryRequest.Type.NEGATIVE:
        return None
    try:
        return request.valid_until or end_of_validity(service.valid_until_formula, request.posted_on)
    except BadDateFormula as bad:
        raise BadEntry(f"{bad.message} Enter *valid until*, or correct the card.", field="valid_until") from None


def _refusals(service: PrepaidService, request: EntryRequest) -> Iterator[Refused]:
    if request.posted_on > business_date():
        day = formats.day(request.posted_on)
        yield BadEntry(f"{day} has not come: choose today or an earlier posting date.", field="posted_on")
    yield from _refusals_of_units(service, request)
    yield from _refusals_of_validity(request)
    yield from _refusals_of_money(service, request)
    if not request.reason:
        yield BadEntry("Say why: the reason is kept with the entry.", field="reason")


def _refusals_of_units(service: PrepaidService, request: EntryRequest) -> Iterator[Refused]:
    if service.is_amount:
        name, other, units, said = "amount", "quantity", request.amount, request.quantity
        decimals = service.currency.decimals if service.currency else 0
    else:
        name, other, units, said = "quantity", "amount", request.quantity, request.amount
        decimals = QUANTITY_DECIMALS
    if said:
        yield BadEntry(f"{service} is kept as {_a(name)}: leave the {other} empty.", field=other)
    if units <= 0:
        yield BadEntry(f"Enter {_a(name)} above zero. The entry type says whether it is added or taken.", field=name)
    if units >= LARGEST:
        yield BadEntry(f"{formats.exact(units)} is too large: enter less than {LARGEST:,}.", field=name)
    if not has_decimals(units, decimals):
        of = service.currency_id if service.is_amount else "a quantity"
        yield BadEntry(f"{formats.exact(units)} has more decimals than the {decimals} of {of}.", field=name)


def _refusals_of_validity(request: EntryRequest) -> Iterator[Refused]:
    if request.valid_until is None:
        return
    if request.entry_type == EntryRequest.Type.NEGATIVE:
        yield BadEntry("What is taken has no end: leave *valid until* empty.", field="valid_until")
    if request.valid_until < request.posted_on:
        yield BadEntry(
            f"{formats.day(request.valid_until)} is before the posting date, {formats.day(request.posted_on)}.",
            field="valid_until",
        )


def _refusals_of_money(service: PrepaidService, request: EntryRequest) -> Iterator[Refused]:
    account = request.balancing_account
    if request.quantity_only:
        why = (
            f"{service} is periodic: its contract brings the money." if service.is_periodic else "It is quantity-only."
        )
        if account is not None:
            yield BadEntry(f"{why} Nothing is posted, so leave the balancing account empty.", field="balancing_account")
        return
    if request.entry_type == EntryRequest.Type.POSITIVE and request.product_group is None:
        yield BadEntry(
            "Choose the product posting group: it finds the accounts of its later use and expiry.",
            field="product_group",
        )
    if account is None:
        yield BadEntry("Choose the balancing account, the other side in the books.", field="balancing_account")
    elif account.blocked or not account.direct_posting:
        why = "is blocked" if account.blocked else "takes no entries by hand"
        yield BadEntry(f"Ledger account {account} {why}. Choose another.", field="balancing_account")


def _a(name: str) -> str:
    return f"an {name}" if name[0] == "a" else f"a {name}"
