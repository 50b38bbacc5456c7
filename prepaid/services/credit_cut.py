"""What the line of a credit memo comes to: cut cumulatively from what its invoice's line came to, so that the parts end at
the whole. Pure arithmetic; nothing is read or written."""

from decimal import Decimal

from ledger.money import ZERO, share
from prepaid.models import Application, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.credit_left import Credited


def work_out(memo_line: SalesLine, line: SalesLine, before: Credited, *, lcy_decimals: int) -> SalesLine:
    """From what its invoice's line came to and what was credited of that `before`."""
    decimals = line.document.currency.decimals
    if line.is_credited_by_amount:
        net, covered = before["net"] + memo_line.unit_price, ZERO
    else:
        quantity = before["quantity"] + memo_line.quantity
        net = share(line.net, quantity, line.quantity, decimals)
        covered = share(line.covered, quantity, line.quantity, QUANTITY_DECIMALS)
    for name, level in _levels(line, net, covered, decimals, lcy_decimals).items():
        setattr(memo_line, name, level - before[name])
    return memo_line


def _levels(line: SalesLine, net: Decimal, covered: Decimal, decimals: int, lcy_decimals: int) -> dict[str, Decimal]:
    """What the line comes to as far as `net` of it is credited. What is covered is cut from the net and not beside it, so
    that no part is covered by more than it comes to; and LCY from what is due, so that there is none where nothing is."""
    covered_net, vat = _part(line.covered_net, net, line.net, decimals), _part(line.vat, net, line.net, decimals)
    covered_vat = _part(line.covered_vat, vat, line.vat, decimals)
    return {
        "net": net,
        "vat": vat,
        "covered": covered,
        "covered_net": covered_net,
        "covered_vat": covered_vat,
        "due_lcy": _part(line.due_lcy, net - covered_net, line.net - line.covered_net, lcy_decimals),
        "due_vat_lcy": _part(line.due_vat_lcy, vat - covered_vat, line.vat - line.covered_vat, lcy_decimals),
    }


def _part(total: Decimal, part: Decimal, whole: Decimal, decimals: int) -> Decimal:
    return share(total, part, whole, decimals) if whole else ZERO


def given_back(
    application: Application, units: Decimal, gone: Decimal, gone_lcy: Decimal, *, by_quantity: bool, lcy_decimals: int
) -> dict[str, Decimal]:
    """What giving back so many units of an application is, where so much of it is gone."""
    if by_quantity:
        return {"amount": ZERO, "amount_lcy": ZERO, "quantity": units}
    level = share(application.amount_lcy, gone + units, application.amount, lcy_decimals)
    return {"amount": units, "amount_lcy": level - gone_lcy, "quantity": ZERO}
