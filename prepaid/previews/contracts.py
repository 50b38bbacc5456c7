"""What changes the billing of commitments and contracts, run and described. Nothing of it is posted."""

import datetime
from collections.abc import Iterator

from pages import formats
from pages.formats import NOTHING
from pages.preview import Change, Preview
from prepaid.models import CustomerContract, ServiceCommitment
from prepaid.reports.commitments import ToCredit, per_period, to_credit, told_price
from prepaid.services.contracts import contracts
from prepaid.services.contracts.billed import last_billed
from prepaid.services.contracts.cancelling import cancel, withdraw_cancellation
from prepaid.services.contracts.prices import Price, price_on, set_price


def set_price_and_describe(commitment: ServiceCommitment, price: Price, *, from_on: datetime.date, actor) -> Preview:
    before = price_on(commitment, from_on)
    told = told_price(before, commitment) if before else NOTHING
    changed = set_price(commitment, price, from_on=from_on, actor=actor)
    after = price_on(changed, from_on)
    assert after is not None
    amount = formats.money(per_period(after, changed.currency.decimals), changed.currency)
    note = f"from {formats.day(from_on)}; the next invoice bills from {formats.day(changed.next_billing_on)}"
    later = [
        f"From {formats.day(each.from_on)} it costs {told_price(each, changed)}, as agreed before."
        for each in changed.prices.filter(from_on__gt=from_on).order_by("from_on")
    ]
    return Preview(
        changes=[Change(f"{changed}: price", told, told_price(after, changed), note=note)],
        warnings=later,
        confirm_label=f"Set the price to {amount}",
    )


def cancel_and_describe(
    commitment: ServiceCommitment,
    *,
    ends_on: datetime.date | None,
    notice_on: datetime.date,
    reason: str,
    actor,
) -> Preview:
    before = commitment.ends_on
    cancelled = cancel(commitment, ends_on=ends_on, notice_on=notice_on, reason=reason, actor=actor)
    end = cancelled.ends_on
    assert end is not None
    note = f"notice on {formats.day(notice_on)}"
    return Preview(
        changes=[
            Change(f"{cancelled}: end date", _day(before), formats.day(end), note=note),
            *_left_to_bill(cancelled, end),
        ],
        warnings=_to_credit(cancelled, end),
        confirm_label=f"End it on {formats.day(end)}",
    )


def withdraw_and_describe(commitment: ServiceCommitment, *, actor) -> Preview:
    before = commitment.ends_on
    after = withdraw_cancellation(commitment, actor=actor)
    change = Change(f"{after}: end date", _day(before), _day(after.ends_on), note="it goes on as it was agreed")
    return Preview(changes=[change], confirm_label="Withdraw the cancellation")


def assign_and_describe(contract: CustomerContract, chosen: list[ServiceCommitment], *, actor) -> Preview:
    contracts.assign(contract, chosen, actor=actor)
    changes = [
        Change(str(each), "In no contract", contract.number, note=f"billed from {formats.day(each.next_billing_on)}")
        for each in chosen
    ]
    return Preview(changes=changes, confirm_label=f"Assign {formats.counted(len(chosen), 'commitments')}")


def take_out_and_describe(commitment: ServiceCommitment, *, actor) -> Preview:
    before = str(commitment.contract.number) if commitment.contract else NOTHING
    contracts.take_out(commitment, actor=actor)
    change = Change(str(commitment), before, "In no contract", note="no contract bills it")
    return Preview(changes=[change], confirm_label="Take it out")


def close_and_describe(contract: CustomerContract, *, actor) -> Preview:
    contracts.close_contract(contract, actor=actor)
    change = Change(str(contract), "Open", "Closed", note="bills nothing any more, and is hidden from lists")
    return Preview(changes=[change], confirm_label="Close the contract")


def reopen_and_describe(contract: CustomerContract, *, actor) -> Preview:
    contracts.reopen_contract(contract, actor=actor)
    change = Change(str(contract), "Closed", "Open", note="can bill commitments again")
    return Preview(changes=[change], confirm_label="Reopen the contract")


def _day(day: datetime.date | None) -> str:
    return formats.day(day) if day else NOTHING


def _left_to_bill(cancelled: ServiceCommitment, end: datetime.date) -> Iterator[Change]:
    """Until when it is billed, and what of it is still to come."""
    last = last_billed(cancelled)
    billed = f"until {formats.day(last)}" if last else "nothing"
    if last is not None and last >= end:
        yield Change("Billed", billed, billed, note="nothing more is billed")
    else:
        yield Change("Billed", billed, f"until {formats.day(end)}", note="by the invoices to come")


def _to_credit(cancelled: ServiceCommitment, end: datetime.date) -> list[str]:
    return [
        f"{each.document} bills {formats.day(each.starts_on)} to {formats.day(each.ends_on)} as well{_what_to_do(each, end)}"
        for each in to_credit(cancelled, end)
    ]


def _what_to_do(each: ToCredit, end: datetime.date) -> str:
    """A credit memo takes back whole months that are not released, and never a part of one: what of them lies before the end
    is billed again."""
    if not each.document.is_posted:
        return ": it is not posted yet. Delete it and bill again."
    if each.why_not:
        return f". {each.why_not}"
    if each.from_on is None:
        return ": all of it is released. Only a credit memo of everything takes it back."
    back = f": a credit memo of what is not released takes back {formats.money(each.amount, each.document.currency)}, from "
    again = f"; then bill again until {formats.day(end)}" if each.from_on <= end else ""
    return f"{back}{formats.day(each.from_on)} on{again}."
