"""Writing prepaid ledger entries. The caller holds the locks, and posts what the books get under the same event key.

Balances: an inflow adds to its service; an outflow takes from inflows, by applications, what the caller has drawn.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ledger.money import ZERO
from prepaid.drawing import Draw
from prepaid.exceptions import OtherCurrency, ServiceClosed
from prepaid.models import Application, PrepaidEntry, PrepaidService

Type = PrepaidEntry.Type


class Revenue(NamedTuple):
    """What a used part is revenue of: an account and the product posting group that chose it. Neither, where no money is
    behind it."""

    account: str | None = None
    group: str | None = None


NO_REVENUE = Revenue()


def check_takes_entries(service: PrepaidService, currency) -> None:
    """Refused: a closed service (ServiceClosed), another currency than its first entry's (OtherCurrency)."""
    if service.closed:
        raise ServiceClosed(service)
    if service.currency_id is not None and service.currency_id != currency.pk:
        raise OtherCurrency(service, currency.pk)


def receive(service: PrepaidService, **fields: Any) -> PrepaidEntry:
    """Writes an inflow; `fields` are those of the entry."""
    entry = PrepaidEntry(service=service, entry_type=Type.POSITIVE, **fields)
    entry.save(force_insert=True)
    return entry


def take(
    service: PrepaidService,
    entry_type: str,
    draws: Sequence[Draw],
    *,
    revenue_of: Callable[[Draw], Revenue] = lambda draw: NO_REVENUE,
    **fields: Any,
) -> PrepaidEntry:
    """Writes an outflow of what was drawn, with its applications; `revenue_of` says what a part was earned
    for."""
    entry = PrepaidEntry(
        service=service,
        entry_type=entry_type,
        amount=-sum((draw.amount for draw in draws), ZERO),
        amount_lcy=-sum((draw.amount_lcy for draw in draws), ZERO),
        quantity=-sum((draw.quantity for draw in draws), ZERO),
        **fields,
    )
    entry.save(force_insert=True)
    Application.objects.bulk_create(_application(entry, draw, revenue_of(draw)) for draw in draws)
    return entry


def _application(outflow: PrepaidEntry, draw: Draw, revenue: Revenue) -> Application:
    return Application(
        outflow=outflow,
        inflow=draw.inflow,
        amount=draw.amount,
        amount_lcy=draw.amount_lcy,
        quantity=draw.quantity,
        used_line_id=draw.line,
        revenue_account_id=revenue.account,
        revenue_group_id=revenue.group,
    )
