"""What the lines of a document come to: net from quantity, price and discount; VAT by the VAT posting setup.

VAT is cut cumulatively over the lines of one rate, so that a document's VAT is the rate of its net, rounded once, and the sum
of its stored lines.
"""

from collections.abc import Iterable
from decimal import Decimal

from ledger.dates import ledger_setup
from ledger.exceptions import MissingVat
from ledger.models import VatPostingSetup
from ledger.money import EXACT, ZERO, product, round_to, share
from prepaid.models import SalesDocument, SalesLine

HUNDRED = Decimal(100)
Key = tuple[str, str]


def net_of(line: SalesLine, decimals: int) -> Decimal:
    """quantity × unit price less the discount, rounded half up; of a period of a contract, what its billing made of its
    days."""
    if line.is_contract:
        return line.net
    kept = EXACT.divide(EXACT.subtract(HUNDRED, line.discount_percent), HUNDRED)
    return round_to(EXACT.multiply(product(line.quantity, line.unit_price), kept), decimals)


def price(document: SalesDocument, lines: Iterable[SalesLine]) -> None:
    """Works out net and VAT of the item lines, in their order, and leaves them unsaved. Refused (MissingVat): groups
    without a cell."""
    items = [line for line in lines if line.kind == SalesLine.Kind.ITEM]
    customer = document.account.governing(ledger_setup(), document.bill_to)
    setups = _setups(items, customer.vat_business_group_id)
    reached: dict[Key, tuple[Decimal, Decimal]] = {}
    for line in items:
        line.net = net_of(line, document.currency.decimals)
        _add_vat(line, customer.vat_business_group_id, setups, reached, document.currency.decimals)


def _setups(items: list[SalesLine], business: str | None) -> dict[str, VatPostingSetup]:
    groups = {line.product.vat_product_group_id for line in items if line.product}
    cells = VatPostingSetup.objects.filter(business_group=business, product_group__in=groups - {None})
    return {cell.product_group_id: cell for cell in cells}


def _add_vat(line: SalesLine, business: str | None, setups, reached: dict, decimals: int) -> None:
    group = line.product.vat_product_group_id if line.product else None
    line.vat, line.vat_percent = ZERO, ZERO
    line.vat_business_group_id, line.vat_product_group_id, line.vat_account_id = None, None, None
    if business is None or group is None:
        return
    cell = setups.get(group)
    if cell is None:
        raise MissingVat(business, group)
    line.vat_business_group_id, line.vat_product_group_id = business, group
    line.vat_percent, line.vat_account_id = cell.percent, cell.account_id
    net, vat = reached.get((business, group), (ZERO, ZERO))
    level = share(EXACT.add(net, line.net), cell.percent, HUNDRED, decimals)
    line.vat = level - vat
    reached[business, group] = net + line.net, vat + line.vat
