"""The accounts of an export: customers, known by their number."""

from collections.abc import Collection, Iterable

from credits.certinia.objects import ACCOUNT_NUMBER, CURRENCY, NAME
from credits.certinia.reading import Row, Values, name_of, one_of, read_cells
from ledger.models import BusinessPostingGroup, Currency
from opportunities.models import Account
from pages.imports import Line, Problems

NO_CURRENCY = "The code of a currency has three capital letters, as in USD; is it set up?"


def read_accounts(lines: Iterable[Line], currencies: dict[str, Currency], problems: Problems) -> list[Row]:
    """The lines as rows; of a line that is refused only the problems."""
    readers = {
        ACCOUNT_NUMBER: name_of(20, "the number of the account"),
        NAME: name_of(120, "the name of the account"),
        CURRENCY: one_of(currencies, "the code of a currency, as in USD", NO_CURRENCY),
    }
    rows = []
    for line in lines:
        found = len(problems)
        values = read_cells(line, readers, problems)
        if len(problems) == found:
            rows.append(Row(line.number, values))
    return rows


def stored_accounts(numbers: Collection[str] | None = None) -> dict[str, Values]:
    """Rows of the accounts of these numbers, or of all."""
    accounts = Account.objects.order_by("number")
    if numbers is not None:
        accounts = accounts.filter(number__in=numbers)
    return {
        number: {ACCOUNT_NUMBER: number, NAME: name, CURRENCY: currency}
        for number, name, currency in accounts.values_list("number", "name", "currency")
    }


def write_accounts(rows: list[Row], group: BusinessPostingGroup | None) -> None:
    Account.objects.bulk_create(
        [
            Account(
                number=row.values[ACCOUNT_NUMBER],
                name=row.values[NAME],
                currency_id=row.values[CURRENCY],
                business_group=group,
            )
            for row in rows
        ],
        batch_size=2000,
    )
