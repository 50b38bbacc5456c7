"""What prepaid services pay of an invoice: worked out on its lines, from what can be used on its posting date.

An amount covers the smaller of the used lines' net total and what is outstanding; a quantity covers lines in its own unit of
measure. Used lines share the cover cumulatively, in line order. A balance line that somebody added covers what it says.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.dates import ledger_setup
from ledger.money import ZERO, share
from pages import formats
from prepaid.drawing import Draw, Need, Shelf, shared
from prepaid.exceptions import NotEnoughLeft, NotPostable
from prepaid.models import InflowBalance, PrepaidService, SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS


@dataclass
class Cover:
    """What one service pays of a document: the lines it was used for, and what is drawn of its inflows for them."""

    service: PrepaidService
    lines: list[SalesLine]
    draws: list[Draw] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        return sum((line.covered_net for line in self.lines), ZERO)

    @property
    def vat(self) -> Decimal:
        return sum((line.covered_vat for line in self.lines), ZERO)

    @property
    def quantity(self) -> Decimal:
        return sum((line.covered for line in self.lines), ZERO)


def cover(document: SalesDocument, lines: Iterable[SalesLine]) -> list[Cover]:
    """Works out `covered`, `covered_net` and `covered_vat` of the priced lines, and leaves them unsaved.

    Refused: balance lines by hand for more than is left (NotEnoughLeft) or than was used (NotPostable)."""
    lines = list(lines)
    asked = _by_hand(lines)
    used: dict[int, list[SalesLine]] = {}
    for line in lines:
        if line.kind == SalesLine.Kind.ITEM:  # a balance line by hand keeps there what it asks for
            line.covered = line.covered_net = line.covered_vat = ZERO
        if line.is_usage and line.prepaid_service_id:
            used.setdefault(line.prepaid_service_id, []).append(line)
    services = PrepaidService.objects.select_related("currency").in_bulk([*used, *asked])
    lcy_decimals = ledger_setup().lcy.decimals
    return [
        _cover(document, services[pk], used.get(pk, []), asked.get(pk), lcy_decimals)
        for pk in dict.fromkeys([*used, *asked])
    ]


def usable(service: PrepaidService, on: datetime.date, lcy_decimals: int) -> Shelf:
    """What of the service can be used on the day, in drawing order."""
    rows = InflowBalance.objects.filter(service=service).usable(on).in_drawing_order().select_related("entry")
    return Shelf(rows, is_amount=service.is_amount, lcy_decimals=lcy_decimals)


def _by_hand(lines: list[SalesLine]) -> dict[int, Decimal]:
    """What balance lines that somebody added ask for, by service: an amount, or a quantity."""
    asked: dict[int, Decimal] = {}
    for line in lines:
        if line.kind == SalesLine.Kind.BALANCE and line.by_hand and line.prepaid_service_id:
            units = line.covered_by_hand
            asked[line.prepaid_service_id] = asked.get(line.prepaid_service_id, ZERO) + units
    return asked


def _cover(document: SalesDocument, service: PrepaidService, lines: list[SalesLine], asked, lcy_decimals: int) -> Cover:
    decimals = document.currency.decimals if service.is_amount else QUANTITY_DECIMALS
    weights = [_units(service, line) for line in lines]
    shelf = usable(service, document.posted_on, lcy_decimals)
    total = min(sum(weights, ZERO), shelf.units)
    if asked is not None:
        _check_asked(document, service, asked, sum(weights, ZERO), shelf.units)
        total = asked
    parts = shared(total, weights, decimals)
    for line, part in zip(lines, parts, strict=True):
        _set(line, service, part, document.currency.decimals)
    needs = [Need(part, line.pk) for line, part in zip(lines, parts, strict=True)]
    return Cover(service, lines, shelf.draw(needs))


def _units(service: PrepaidService, line: SalesLine) -> Decimal:
    """What the line could take of the service."""
    if service.is_amount:
        return line.net
    return line.quantity if line.unit_of_measure == service.unit_of_measure else ZERO


def _set(line: SalesLine, service: PrepaidService, part: Decimal, decimals: int) -> None:
    if service.is_amount:
        line.covered_net = part
    else:
        line.covered = part
        line.covered_net = share(line.net, part, line.quantity, decimals)
    line.covered_vat = share(line.vat, line.covered_net, line.net, decimals) if line.net else ZERO


def _check_asked(document, service: PrepaidService, asked: Decimal, wanted: Decimal, left: Decimal) -> None:
    if asked > left:
        raise NotEnoughLeft(
            service, shown(service, asked, document), shown(service, left, document), document.posted_on
        )
    if asked > wanted:
        raise NotPostable(
            f"The balance lines of {service} come to {shown(service, asked, document)}, and its lines to "
            f"{shown(service, wanted, document)}. A balance covers no more than was used."
        )


def shown(service: PrepaidService, units: Decimal, document: SalesDocument) -> str:
    """Units of the service as they are read: money, or a quantity with its unit."""
    if service.is_amount:
        return formats.money(units, document.currency)
    return f"{formats.exact(units)} {service.unit_of_measure}".strip()
