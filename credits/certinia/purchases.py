"""The purchases of an export: lots, known by their name, which is their number here."""

import datetime
from collections.abc import Collection, Iterable, Mapping
from functools import partial

from credits.certinia.accounts import NO_CURRENCY
from credits.certinia.books import Books
from credits.certinia.objects import (
    ACCOUNT,
    CREATED,
    CURRENCY,
    DESCRIPTION,
    DRAFT,
    EXPIRES,
    NAME,
    NUMBER,
    PAID,
    PRODUCT_GROUP,
    STARTS,
    VALUE,
)
from credits.certinia.reading import (
    Reader,
    Row,
    Values,
    day_in,
    kept,
    name_of,
    one_of,
    optional,
    read_boolean,
    read_cells,
    read_whole,
)
from credits.certinia.setup import SetupColumns, dimension_columns, in_columns
from credits.models import Purchase
from credits.services.purchases import refusal_to_confirm
from credits.services.terms import MAX_DIGITS, check_dates, check_description, check_number, check_price
from ledger.dates import company_time_zone
from ledger.models import Currency
from pages.imports import Line, Problems, read_day, read_number
from pages.imports.cells import as_text
from pages.refusals import Refused

NO_ACCOUNT = "There is no account of that number, and Account.csv does not bring it."
FINEST = 3  # decimals, where the currency is not known
PRICES = {VALUE: ("value_per_credit", "value per credit"), PAID: ("amount_paid_per_credit", "amount paid per credit")}
COLUMN_OF = {"starts_on": STARTS, "expires_on": EXPIRES, "purchased_on": CREATED}
STORED = {
    NAME: "number",
    ACCOUNT: "account__number",
    CURRENCY: "currency",
    CREATED: "purchased_on",
    STARTS: "starts_on",
    EXPIRES: "expires_on",
    NUMBER: "number_of_credits",
    VALUE: "value_per_credit",
    PAID: "amount_paid_per_credit",
    DRAFT: "draft",
    DESCRIPTION: "description",
}


def read_purchases(
    lines: Iterable[Line],
    *,
    currencies: dict[str, Currency],
    accounts: Collection[str],
    setup: SetupColumns,
    problems: Problems,
) -> list[Row]:
    """The lines as rows, each value within the rules of a purchase; of a line that is refused only the problems."""
    readers = _readers(currencies, accounts) | setup.readers()
    rows = []
    for line in lines:
        found = len(problems)
        values = read_cells(line, readers, problems)
        values |= read_cells(line, _price_readers(currencies.get(values[CURRENCY])), problems)
        if values[STARTS] and values[EXPIRES]:
            _refuse(partial(check_dates, values[STARTS], values[EXPIRES]), line.number, EXPIRES, problems)
        if len(problems) == found:
            rows.append(Row(line.number, values))
    return rows


def stored_purchases(names: Collection[str] | None = None) -> dict[str, Values]:
    """Rows of the purchases of these names, or of all."""
    purchases = Purchase.objects.order_by("number")
    if names is not None:
        purchases = purchases.filter(number__in=names)
    columns = dimension_columns()
    rows = purchases.values_list("product_group", "dimensions", *STORED.values()).iterator()
    return {
        row[0]: dict(zip(STORED, row, strict=True)) | in_columns(group, dimensions, columns)
        for group, dimensions, *row in rows
    }


def check_confirmations(rows: Iterable[Row], books: Books, on: datetime.date, problems: Problems) -> None:
    """What confirming the rows that are no drafts would refuse on the day `on`."""
    for row in rows:
        values = row.values
        if values[DRAFT]:
            continue
        draft = Purchase(draft=True, starts_on=values[STARTS], expires_on=values[EXPIRES], purchased_on=values[CREATED])
        if refusal := refusal_to_confirm(draft, on):
            problems.add(refusal.message, row.line, COLUMN_OF[refusal.field or "purchased_on"])
        elif values[PAID]:
            group = values.get(PRODUCT_GROUP)
            _refuse(partial(books.accounts_of, values[ACCOUNT], group), row.line, ACCOUNT, problems)
            _refuse(partial(books.rate_on, values[CURRENCY], values[CREATED]), row.line, CREATED, problems)
            _refuse(partial(books.check_day, values[CREATED]), row.line, CREATED, problems)


def _readers(currencies: Mapping[str, Currency], accounts: Collection[str]) -> dict[str, Reader]:
    known = dict.fromkeys(accounts)
    return {
        NAME: name_of(20, "the name of the purchase, as in SCP-000001"),
        ACCOUNT: one_of(known, "the number of the account", NO_ACCOUNT),
        CURRENCY: one_of(currencies, "the code of a currency, as in USD", NO_CURRENCY),
        CREATED: day_in(company_time_zone()),
        STARTS: optional(read_day),
        EXPIRES: optional(read_day),
        NUMBER: kept(read_whole, check_number),
        DRAFT: read_boolean,
        DESCRIPTION: kept(as_text, check_description),
    }


def _price_readers(currency: Currency | None) -> dict[str, Reader]:
    """Prices have the decimals of their currency."""
    decimals = currency.decimals if currency else FINEST
    read = partial(read_number, max_digits=MAX_DIGITS, decimal_places=decimals)
    if currency is None:
        return dict.fromkeys(PRICES, read)
    return {
        column: kept(read, partial(check_price, field, label, currency=currency))
        for column, (field, label) in PRICES.items()
    }


def _refuse(check: partial, line: int, column: str, problems: Problems) -> None:
    try:
        check()
    except Refused as refused:
        problems.add(refused.message, line, column)
