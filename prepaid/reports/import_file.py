"""Prepaid services and their opening balances as the sheets of a file, which an import finds unchanged. What the entries add
up to stands in columns that an import passes over."""

from collections.abc import Iterator
from typing import Any

from pages.exports import safe
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService
from prepaid.models.requests import State
from prepaid.services import import_columns as columns

CHUNK = 2000


def sheets() -> Iterator[tuple[str, Iterator[list]]]:
    """Each sheet by its name, header first."""
    yield columns.SERVICES_SHEET, _services()
    yield columns.BALANCES_SHEET, _balances()


def _services() -> Iterator[list]:
    yield [
        columns.NO,
        columns.CUSTOMER,
        columns.CUSTOMER_NAME,
        columns.DESCRIPTION,
        columns.ACCRUAL,
        columns.TYPE,
        columns.CURRENCY,
        columns.UNIT,
        columns.STARTS,
        columns.ENDS,
        columns.CLOSED,
        columns.FORMULA,
        columns.DIMENSION_VALUE,
        *columns.SUMS,
    ]
    services = PrepaidService.objects.with_balances().select_related("account").order_by("number")
    for service in services.iterator(chunk_size=CHUNK):
        yield _row(
            service.number,
            service.account.number,
            service.account.name,
            service.description,
            service.get_accrual_display(),
            service.get_type_display(),
            service.currency_id,
            service.unit_of_measure,
            service.starts_on,
            service.ends_on,
            "Yes" if service.closed else "No",
            service.valid_until_formula,
            service.dimension_value,
            service.outstanding,
            service.outstanding_lcy,
            service.outstanding_quantity,
            service.used,
            service.used_lcy,
            service.used_quantity,
        )


def _balances() -> Iterator[list]:
    """Those that were imported, posted or waiting, and nothing that was posted since."""
    yield [*columns.BALANCE_COLUMNS, *columns.MORE_BALANCE_COLUMNS]
    opening = EntryRequest.objects.filter(
        document_type=PrepaidEntry.DocumentType.OPENING, state__in=(State.POSTED, State.REQUESTED)
    )
    for request in opening.select_related("service").order_by("pk").iterator(chunk_size=CHUNK):
        yield _row(
            request.service.number,
            request.posted_on,
            request.document_no,
            request.service.currency_id,
            request.amount or None,
            request.quantity or None,
            request.valid_until,
            request.product_group_id,
            request.balancing_account_id,
            request.reason,
        )


def _row(*cells: Any) -> list:
    return ["" if cell is None else safe(cell) for cell in cells]
