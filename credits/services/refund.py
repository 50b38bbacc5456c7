"""Cancellation: unused credits of a lot are given back for money.

Books (rules 11 to 11c, and 12 where breakage is expected of the lot's credits): what is deferred for them goes to the refund
liability, at the rate of today, and what is kept to breakage; a difference between that rate and the deferral's own is an
exchange difference. Paying the refund out is the payment system's. Balances: refunded rises, available falls.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from credits.exceptions import BadCorrection
from credits.models import Cancellation, Correction, Purchase, Release
from credits.services.release import write_releases
from ledger.dates import business_date, ledger_setup
from ledger.exceptions import NoExchangeDifference
from ledger.money import EXACT, ZERO, has_decimals, round_to, to_lcy
from ledger.services.accounts import posting_accounts
from ledger.services.posting import Line, post
from ledger.services.rates import rate_on
from pages.refusals import Refused

UNITS = """
SELECT %s, 'refund', %s::date, '', 1, p.id, %s::bigint, 'refunded', NULL::bigint FROM credits_purchase p WHERE p.id = %s
"""


@dataclass(frozen=True)
class Shares:
    """What was paid for the canceled credits: refunded and kept, in the currency and in LCY; `spot` is the refund at today's
    rate."""

    refunded: Decimal
    kept: Decimal
    refunded_lcy: Decimal
    kept_lcy: Decimal
    spot: Decimal
    rate: Decimal | None


def check_refund(correction: Correction) -> None:
    """Refused (BadCorrection): a draft, more credits than are available, less than one, a percentage below 0 or above 100."""
    purchase, credits, percent = correction.purchase, correction.credits or 0, correction.kept_percent
    if refusal := refusal_to_refund(purchase):
        raise refusal
    if not 1 <= credits <= purchase.credits_available:
        raise BadCorrection(
            f"{credits:,} credits cannot be canceled: {purchase} has {purchase.credits_available:,} available.",
            field="credits",
        )
    if percent is None or not 0 <= percent <= 100:
        raise BadCorrection(f"{percent} % is no share to keep: enter 0 to 100.", field="kept_percent")
    if not has_decimals(percent, 2):
        raise BadCorrection(f"Enter {percent} % with at most two decimals.", field="kept_percent")


def refusal_to_refund(purchase: Purchase) -> Refused | None:
    """Why nothing of the purchase can be canceled and refunded."""
    if purchase.draft:
        return BadCorrection(f"{purchase} is a draft: nothing was paid for it yet. Edit or delete it.")
    if not purchase.credits_available:
        return BadCorrection(f"{purchase} has no credits left: all are allocated, refunded or expired already.")
    return None


def refund(correction: Correction, *, actor) -> Cancellation:
    """Of an approved correction, whose purchase the caller has locked. Refused: what the books cannot take (MissingAccount,
    BlockedAccount, MissingRate, NoExchangeDifference, PostingNotAllowed)."""
    purchase, on = correction.purchase, business_date()
    key = f"{purchase.lot}:refund:{correction.pk}"
    write_releases(UNITS, [key, on, correction.credits, purchase.pk])
    released = Release.objects.get(event_key=key)
    with localcontext(EXACT):
        shares = _shares(correction, released)
        if _moves_money(released):
            _post(correction, released, shares, actor=actor)
    return Cancellation.objects.create(
        correction=correction,
        purchase=purchase,
        credits=released.units,
        refunded=shares.refunded,
        kept=shares.kept,
        refunded_lcy=shares.spot,
        exchange_rate=shares.rate,
        canceled_on=on,
        event_key=key,
    )


def _moves_money(released: Release) -> bool:
    return any((released.amount, released.amount_lcy, released.estimated, released.estimated_lcy))


def _shares(correction: Correction, released: Release) -> Shares:
    currency, lcy = correction.purchase.currency, ledger_setup().lcy
    share = (correction.kept_percent or ZERO).scaleb(-2)
    kept = round_to(released.amount * share, currency.decimals)
    kept_lcy = round_to(released.amount_lcy * share, lcy.decimals)
    refunded = released.amount - kept
    rate = rate_on(currency, business_date()) if refunded else None
    spot = to_lcy(refunded, rate, lcy.decimals) if rate else ZERO
    return Shares(refunded, kept, released.amount_lcy - kept_lcy, kept_lcy, spot, rate)


def _post(correction: Correction, released: Release, shares: Shares, *, actor) -> None:
    purchase = correction.purchase
    post(
        event_key=released.event_key,
        kind="refund",
        effective_on=released.effective_on,
        currency=purchase.currency,
        description=f"{purchase.number}: {correction.credits:,} services credits canceled, {purchase.account.name}",
        lines=_lines(correction, released, shares),
        actor=actor,
        reason=correction.reason,
    )


def _lines(correction: Correction, released: Release, shares: Shares) -> list[Line]:
    """Of the lot, which are all of its customer, product group and dimensions."""
    purchase = correction.purchase
    keys = {
        "product_group": purchase.product_group_id,
        "party": purchase.account.party,
        "lot": purchase.lot,
        "dimensions": purchase.dimensions,
    }
    code = _accounts(correction, released, shares)
    moves = [
        (
            purchase.deferral_account_id,
            released.amount + released.estimated,
            released.amount_lcy + released.estimated_lcy,
        ),
        (code.get("refund"), -shares.refunded, -shares.spot),
        (code.get("breakage"), -shares.kept - released.estimated, -shares.kept_lcy - released.estimated_lcy),
        (code.get("difference"), ZERO, shares.spot - shares.refunded_lcy),
    ]
    return [line for account, amount, lcy in moves for line in _sides(account, amount, lcy, keys)]


def _sides(account: str | None, amount: Decimal, lcy: Decimal, keys: dict) -> list[Line]:
    """A debit of the amounts, or a credit where they are below zero; two lines where the currency and LCY differ in that."""
    assert account or not (amount or lcy)
    lines = [
        Line(account=account or "", debit=max(amount, ZERO), debit_lcy=max(lcy, ZERO), **keys),
        Line(account=account or "", credit=max(-amount, ZERO), credit_lcy=max(-lcy, ZERO), **keys),
    ]
    return [line for line in lines if not line.is_zero]


def _accounts(correction: Correction, released: Release, shares: Shares) -> dict[str, str]:
    purchase = correction.purchase
    needed = []
    if shares.refunded or shares.spot:
        needed.append("refund")
    if any((shares.kept, shares.kept_lcy, released.estimated, released.estimated_lcy)):
        needed.append("breakage")
    business_group = purchase.business_group_id or ""  # a confirmed purchase has it
    groups = {"business_group": business_group, "product_group": purchase.product_group_id}
    accounts = posting_accounts(**groups, needed=tuple(needed))
    if shares.spot != shares.refunded_lcy:
        accounts["difference"] = _difference_account(purchase.currency)
    return accounts


def _difference_account(currency) -> str:
    code = ledger_setup().exchange_difference_id
    if code is None:
        raise NoExchangeDifference(currency)
    return code
