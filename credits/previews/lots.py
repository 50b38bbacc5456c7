"""How lots are told in previews, receipts and figures: plain values, read at once, since a rehearsal is rolled back.

    expired, postings = recorded(lambda: expire_purchase(before, actor=actor))
    Preview(changes=[lot_change(before, now(before))], postings=postings, confirm_label=...)

`before` is the lot as it was read for the page: the services read it anew and leave that one alone.
"""

from collections.abc import Sequence
from decimal import Decimal

from credits.models import Purchase
from ledger.money import ZERO
from pages import formats
from pages.preview import Change, PostingLine


def now(purchase: Purchase) -> Purchase:
    """The lot as the database has it inside the transaction, its maintained totals included."""
    return Purchase.objects.select_related("account", "currency").get(pk=purchase.pk)


def available(purchase: Purchase) -> str:
    """What can be drawn from the lot: nothing from a draft."""
    if purchase.draft:
        return f"draft of {formats.number(purchase.number_of_credits)}"
    return f"{formats.number(purchase.credits_available)} available"


def lot_change(before: Purchase, after: Purchase, note: str = "") -> Change:
    """One lot, its credits before and after."""
    return Change(after.number, available(before), available(after), note=note, url=after.get_absolute_url())


def new_lot(purchase: Purchase) -> Change:
    """A lot that is being made. Its number comes from a series and is left to the receipt."""
    dates = f"usable {usable(purchase)}" if purchase.starts_on or purchase.expires_on else "without dates"
    label = purchase.description.splitlines()[0][:80] if purchase.description else str(purchase.account)
    return Change(label, "", available(purchase), note=f"{prices(purchase)}, {dates}")


def prices(purchase: Purchase) -> str:
    value = formats.money(purchase.value_per_credit, purchase.currency)
    paid = formats.money(purchase.amount_paid_per_credit, purchase.currency)
    return f"value {value}, {f'paid {paid}' if purchase.amount_paid_per_credit else 'free'} per credit"


def usable(purchase: Purchase) -> str:
    ends = (("from", purchase.starts_on), ("to", purchase.expires_on))
    return " ".join(f"{word} {formats.day(day)}" for word, day in ends if day)


def posted_sum(postings: Sequence[PostingLine]) -> str:
    """The debits per currency, for the button: USD 800.00. Nothing where nothing is posted."""
    sums: dict[tuple[str, int], Decimal] = {}
    for line in postings:
        currency = (line.currency, line.decimals)
        sums[currency] = sums.get(currency, ZERO) + line.debit
    return ", ".join(formats.money(amount, formats.Cur(*currency)) for currency, amount in sums.items() if amount)


def confirm_label(verb: str, postings: Sequence[PostingLine]) -> str:
    """Create purchase · Create purchase, post USD 800.00"""
    posted = posted_sum(postings)
    return f"{verb}, post {posted}" if posted else verb
