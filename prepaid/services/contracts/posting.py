"""What posting a line of a contract invoice does beside what the customer owes (rules 30 and 32): its net amount waits as a
contract deferral, cut into calendar months, and its period tops up the prepaid service. The money is released by time and
not by use, so that the inflow has none behind it."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ledger.models import Currency
from ledger.money import ZERO, share
from prepaid.dateformula import end_of_validity
from prepaid.models import (
    BilledPeriod,
    ContractDeferral,
    DeferralLine,
    PrepaidSetup,
    ReleaseDay,
    SalesDocument,
    SalesLine,
)
from prepaid.schedules import Part, schedule
from prepaid.services.entries import receive


def defer(
    document: SalesDocument,
    line: SalesLine,
    *,
    deferral_account: str,
    revenue_account: str,
    dimensions: Mapping[str, str],
    setup: PrepaidSetup,
    lcy: Currency,
) -> ContractDeferral:
    """The deferral of a line whose `due_lcy` is worked out, with its parts; due on the last or the first day of each, and
    never before the posting date."""
    period, contract = line.billed_period, line.billed_period.commitment.contract
    assert contract is not None  # what no contract bills has no billed period
    assert document.exchange_rate is not None and document.business_group is not None  # frozen by the posting
    made = ContractDeferral.objects.create(
        line=line,
        contract=contract,
        commitment=period.commitment,
        account=document.account,
        currency=document.currency,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        amount=line.net,
        amount_lcy=line.due_lcy,
        exchange_rate=document.exchange_rate,
        business_group=document.business_group,
        product_group_id=line.product_group_id,
        deferral_account_id=deferral_account,
        revenue_account_id=revenue_account,
        dimensions=dict(dimensions),
        by_equal_months=setup.by_equal_months,
    )
    parts = schedule(
        made.amount,
        made.starts_on,
        made.ends_on,
        decimals=document.currency.decimals,
        by_equal_months=setup.by_equal_months,
    )
    reached, given = ZERO, ZERO
    lines = []
    for line_no, part in enumerate(parts, start=1):
        reached += part.amount
        level = share(made.amount_lcy, reached, made.amount, lcy.decimals)
        lines.append(
            DeferralLine(
                deferral=made,
                line_no=line_no,
                starts_on=part.starts_on,
                ends_on=part.ends_on,
                amount=part.amount,
                amount_lcy=level - given,
                due_on=max(_due_on(part, setup), document.posted_on),
            )
        )
        given = level
    DeferralLine.objects.bulk_create(lines)
    return made


def _due_on(part: Part, setup: PrepaidSetup) -> datetime.date:
    return part.starts_on if setup.release_day == ReleaseDay.FIRST else part.ends_on


def top_up(line: SalesLine, document: Mapping[str, Any]) -> None:
    """The inflow of the period: the line's net amount, or its quantity; from the first day of the period, valid until what
    the dateformula of the service makes of that day, or without one until the period's last. `document`: the fields of the
    entry that are those of the invoice. Nothing, where the line has no prepaid service or comes to nothing."""
    service, period = line.prepaid_service, line.billed_period
    if service is None:
        return
    units: dict[str, Decimal] = (
        {"amount": line.net, "amount_lcy": line.due_lcy} if service.is_amount else {"quantity": period.top_up_quantity}
    )
    if not any(units.values()):
        return
    invoice = document["document"]
    receive(
        service,
        **{**document, "posted_on": period.starts_on},
        **units,
        line=line,
        valid_until=valid_until(period, service.valid_until_formula),
        product_group_id=line.product_group_id,
        business_group=invoice.business_group,
        exchange_rate=invoice.exchange_rate if service.is_amount else None,
    )


def valid_until(period: BilledPeriod, formula: str) -> datetime.date:
    """The last day of use of what the period tops up. Refused (BadDateFormula): a formula that leads to no such day."""
    return end_of_validity(formula, period.starts_on) or period.ends_on
