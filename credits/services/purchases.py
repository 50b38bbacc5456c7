"""A purchase from its entry to its confirmation, and back to draft.

Books (rules 2 to 4): confirming posts number × amount paid from receivables to deferred revenue, at the rate of the day
of purchase; back to draft posts the mirror; free credits post nothing. The value per credit never reaches the books.
"""

import datetime
from decimal import Decimal

from django.db import transaction

from credits.exceptions import AccountFixed, AlreadyConfirmed, AlreadyUsed, BadTerms, HasHistory, Moved, NotDraft
from credits.models import Purchase
from credits.services.expected_breakage import stamp_rate
from credits.services.terms import Terms, check_terms
from ledger.dates import business_date, ledger_setup
from ledger.models import BusinessPostingGroup, JournalEntry
from ledger.money import product, to_lcy
from ledger.services.accounts import posting_accounts
from ledger.services.changes import made_by
from ledger.services.numbers import Series, free_number
from ledger.services.posting import pair, post, reverse
from ledger.services.rates import rate_on
from opportunities.models import OpportunityLine
from opportunities.services.locks import lock_account
from pages import formats
from pages.refusals import Refused

NUMBERS = Series("SCP", "SCP-", "Services credits customer purchases")


@transaction.atomic
def create_purchase(
    terms: Terms, *, actor, draft: bool = False, line: OpportunityLine | None = None, line_part: int | None = None
) -> Purchase:
    """Makes a purchase; unless it is a draft, it is confirmed at once and its credits can be allocated.

    Books: none for a draft, else see `confirm_purchase`. Refused: BadTerms, and what confirming refuses.
    """
    terms = check_terms(terms)
    lock_account(terms.account.pk)
    made_by(actor, "Create purchase")
    purchase = Purchase(draft=True, opportunity_line=line, line_part=line_part, created_by=actor)
    _apply(purchase, terms)
    purchase.number = free_number(NUMBERS, Purchase)
    purchase.save(force_insert=True)
    return purchase if draft else _confirm(purchase, actor=actor)


@transaction.atomic
def edit_draft(purchase: Purchase, terms: Terms, *, actor) -> Purchase:
    """Replaces the terms of a draft. Books: none. Refused: a confirmed purchase (NotDraft), BadTerms, and another account
    once it was confirmed (AccountFixed)."""
    terms = check_terms(terms, before=purchase.dimensions)
    for account_id in sorted({purchase.account_id, terms.account.pk}):
        lock_account(account_id)
    purchase = lock_purchase(purchase)
    if not purchase.draft:
        raise NotDraft(purchase)
    if purchase.confirmations and purchase.account_id != terms.account.pk:
        raise AccountFixed(purchase)
    made_by(actor, "Edit draft")
    _apply(purchase, terms)
    purchase.save()
    return purchase


@transaction.atomic
def confirm_purchase(purchase: Purchase, *, actor) -> Purchase:
    """Ends the draft: the credits can be allocated from the start date on.

    Books: receivable against deferred revenue, number × amount paid, at the rate of *purchased on*, posted on that day
    or the first open day after it. Refused: AlreadyConfirmed; missing dates or a date of purchase in the future
    (BadTerms); MissingRate; MissingAccount.
    """
    return _confirm(lock_purchase(purchase), actor=actor)


@transaction.atomic
def return_to_draft(purchase: Purchase, *, actor, reason: str = "") -> Purchase:
    """Makes an unused purchase a draft again; every field but the account can be edited then.

    Books: the mirror of its confirmation, today. A draft stays as it is. Refused (AlreadyUsed): a purchase with any
    consumption, even one that was given back entirely.
    """
    purchase = lock_purchase(purchase)
    if purchase.draft:
        return purchase
    if refusal := refusal_to_return_to_draft(purchase):
        raise refusal
    made_by(actor, "Back to draft", reason=reason)
    entry = JournalEntry.objects.filter(event_key=confirmation_key(purchase)).first()
    if entry is not None:
        reverse(
            entry,
            event_key=f"purchase:{purchase.pk}:draft:{purchase.confirmations}",
            kind="purchase-draft",
            effective_on=business_date(),
            actor=actor,
            reason=reason or "Back to draft",
        )
    purchase.draft = True
    purchase.business_group = purchase.deferral_account = purchase.exchange_rate = purchase.paid_total_lcy = None
    purchase.save()
    return purchase


@transaction.atomic
def delete_draft(purchase: Purchase, *, actor) -> None:
    """Deletes a draft that was never confirmed; its opportunity line can be bought again. Books: none. Refused: NotDraft,
    HasHistory."""
    purchase = lock_purchase(purchase)
    if refusal := refusal_to_delete(purchase):
        raise refusal
    made_by(actor, "Delete draft")
    purchase.delete()


def refusal_to_confirm(purchase: Purchase, on: datetime.date) -> Refused | None:
    """Why the purchase cannot be confirmed on the day `on`, as far as the purchase itself tells."""
    if not purchase.draft:
        return AlreadyConfirmed(purchase)
    for field, label in (("starts_on", "start date"), ("expires_on", "expiry date")):
        if getattr(purchase, field) is None:
            return BadTerms(f"A purchase needs its {label} before its credits can be used.", field=field)
    if purchase.purchased_on > on:
        return BadTerms(
            f"The purchase is dated {formats.day(purchase.purchased_on)}, after today. Keep it as a draft until that day.",
            field="purchased_on",
        )
    return None


def refusal_to_return_to_draft(purchase: Purchase) -> Refused | None:
    """Why a confirmed purchase stays confirmed."""
    used = purchase.consumptions.exists() or purchase.cancellations.exists()
    return AlreadyUsed(purchase) if used else None


def refusal_to_delete(purchase: Purchase) -> Refused | None:
    """Why the purchase cannot be deleted."""
    if not purchase.draft:
        return NotDraft(purchase)
    return HasHistory(purchase) if purchase.confirmations else None


def lock_purchase(purchase: Purchase) -> Purchase:
    """The purchase as it is now, locked, its account's lock taken first."""
    account_id = Purchase.objects.values_list("account_id", flat=True).get(pk=purchase.pk)
    lock_account(account_id)
    purchases = Purchase.objects.select_related("account", "currency", "product_group")
    locked = purchases.select_for_update(of=["self"]).get(pk=purchase.pk)
    if locked.account_id != account_id:  # a draft that was given to another account meanwhile
        raise Moved(locked)
    return locked


def confirmation_key(purchase: Purchase) -> str:
    return f"purchase:{purchase.pk}:confirm:{purchase.confirmations}"


def _apply(purchase: Purchase, terms: Terms) -> None:
    for name, value in vars(terms).items():
        setattr(purchase, name, value)


def _confirm(purchase: Purchase, *, actor) -> Purchase:
    """Of a purchase that is locked."""
    if refusal := refusal_to_confirm(purchase, business_date()):
        raise refusal
    made_by(actor, "Confirm purchase")
    purchase.draft = False
    purchase.confirmations += 1
    purchase.business_group = group = purchase.account.posting_group(ledger_setup())
    total = product(purchase.number_of_credits, purchase.amount_paid_per_credit)
    if total:
        _confirm_paid(purchase, group, total, actor=actor)
    else:
        purchase.paid_total_lcy = total
        purchase.save()
    stamp_rate(purchase, on=business_date())
    return purchase


def _confirm_paid(purchase: Purchase, group: BusinessPostingGroup, total: Decimal, *, actor) -> None:
    """Fixes where the money waits and what it is worth in LCY, and posts it."""
    accounts = posting_accounts(
        business_group=group.pk,
        product_group=purchase.product_group_id,
        needed=("receivable", "deferral"),
    )
    rate = rate_on(purchase.currency, purchase.purchased_on)
    total_lcy = to_lcy(total, rate, ledger_setup().lcy.decimals)
    purchase.deferral_account_id, purchase.exchange_rate, purchase.paid_total_lcy = (
        accounts["deferral"],
        rate,
        total_lcy,
    )
    purchase.save()
    post(
        event_key=confirmation_key(purchase),
        kind="purchase",
        effective_on=purchase.purchased_on,
        currency=purchase.currency,
        description=f"{purchase.number}: {purchase.number_of_credits:,} services credits, {purchase.account.name}",
        lines=pair(
            accounts["receivable"],
            accounts["deferral"],
            amount=total,
            amount_lcy=total_lcy,
            product_group=purchase.product_group_id,
            party=purchase.account.party,
            lot=purchase.lot,
            dimensions=purchase.dimensions,
        ),
        actor=actor,
    )
