"""Breakage estimates, approved and withdrawn, and described: what the night will post because of one."""

import datetime
from collections.abc import Iterator

from credits.exceptions import BadEstimate
from credits.models import BreakageEstimate
from credits.reports.estimates import Coming, coming, refused
from credits.services import obstacles
from credits.services.estimates import approve_estimate, withdraw_estimate
from ledger.dates import ledger_setup
from ledger.models import Currency
from ledger.money import ZERO
from pages import formats
from pages.preview import Change, LeftOut, PostingLine, Preview

LATER = "The night of {} posts this, lot by lot; for what is used or changed until then, as it stands then."
NOTHING_YET = "No lot of this group stands elsewhere than this estimate says: it holds for what is used from then on."


def approve_and_describe(estimate: BreakageEstimate, *, actor, on: datetime.date) -> Preview:
    if estimate.approved_by_id:
        raise BadEstimate(f"{estimate.product_group}: {share(estimate)} is approved already. Nothing was done again.")
    after = approve_estimate(estimate, actor=actor)
    night = max(on, after.effective_on)
    rows = coming(after, night)
    lots = Change("Purchases that the night catches up", "", formats.number(sum(row.lots for row in rows)))
    return Preview(
        changes=[_step(after), *([lots] if rows else []), *(_recognised(row) for row in rows if row.amount)],
        postings=[line for row in rows for line in _lines(row, ledger_setup().lcy)],
        posted_later=LATER.format(formats.day(night)),
        warnings=[] if rows else [NOTHING_YET],
        left_out=list(_refused(after, night)),
        confirm_label=f"Approve {share(after)}",
    )


def withdraw_and_describe(estimate: BreakageEstimate, *, actor) -> Preview:
    change = Change(str(estimate.product_group), share(estimate), "withdrawn", note=estimate.reason)
    withdraw_estimate(estimate, actor=actor)
    return Preview(changes=[change], confirm_label="Withdraw the proposal")


def share(estimate: BreakageEstimate) -> str:
    """10 % unused"""
    return f"{formats.exact(estimate.expected_unused)} % unused"


def _step(estimate: BreakageEstimate) -> Change:
    others = BreakageEstimate.objects.filter(product_group=estimate.product_group).exclude(pk=estimate.pk)
    held = others.in_force(estimate.effective_on).first()
    note = f"from {formats.day(estimate.effective_on)}. {estimate.reason}"
    return Change(str(estimate.product_group), share(held) if held else "none", share(estimate), note=note)


def _recognised(row: Coming) -> Change:
    currency = formats.Cur(row.currency, row.decimals)
    what = "Recognised ahead" if row.amount >= 0 else "Taken back"
    amount = formats.money(abs(row.amount), currency)
    return Change(f"{what} in {row.currency}", "", amount, note=formats.counted(row.lots, "purchases"))


def _lines(row: Coming, lcy: Currency) -> Iterator[PostingLine]:
    """Out of the deferral and into breakage, or the other way round."""
    if not (row.amount or row.amount_lcy):
        return
    sides = ((row.deferral, row.deferral_name, 1), (row.breakage or "", row.breakage_name or "", -1))
    for code, name, sign in sides:
        own, own_lcy = sign * row.amount, sign * row.amount_lcy
        yield PostingLine(
            account_code=code,
            account_name=name,
            debit=max(own, ZERO),
            credit=max(-own, ZERO),
            currency=row.currency,
            decimals=row.decimals,
            debit_lcy=max(own_lcy, ZERO),
            credit_lcy=max(-own_lcy, ZERO),
            lcy=lcy.code,
            lcy_decimals=lcy.decimals,
        )


def _refused(estimate: BreakageEstimate, on: datetime.date) -> Iterator[LeftOut]:
    for lots, *cell in refused(estimate, on):
        yield LeftOut(formats.counted(lots, "purchases"), str(obstacles.refusal(*cell)))
