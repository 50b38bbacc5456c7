"""What a person should know before a purchase is entered: what confirming would post, and what looks unusual."""

import datetime

from credits.models import Purchase
from credits.previews.lots import available, posted_sum
from credits.services.purchases import confirm_purchase
from ledger.previews.postings import recorded
from ledger.reports.dimensions import dimension_text
from pages import formats
from pages.preview import Change, LeftOut, rehearse
from pages.refusals import Refused

SHOWN = {
    "account": "Account",
    "purchased_on": "Purchased on",
    "currency": "Currency",
    "number_of_credits": "Number of services credits",
    "value_per_credit": "Value per credit",
    "amount_paid_per_credit": "Amount paid per credit",
    "starts_on": "Start date",
    "expires_on": "Expiry date",
    "product_group": "Product posting group",
    "description": "Description",
    "dimensions": "Dimensions",
}
PRICES = ("value_per_credit", "amount_paid_per_credit")


def later(purchase: Purchase, actor) -> list[LeftOut]:
    """What a draft does not do yet. Confirming is rehearsed inside the caller's transaction and taken back."""
    if not purchase.draft:
        return []
    waits = LeftOut("Allocation", "none of its credits can be used while it is a draft")
    return [LeftOut("Posting", would_post(purchase, actor)), waits]


def would_post(purchase: Purchase, actor) -> str:
    try:
        _, postings = rehearse(lambda: recorded(lambda: confirm_purchase(purchase, actor=actor)))
    except Refused as refused:
        return f"it cannot be confirmed yet. {refused}"
    if not postings:
        return "free credits post nothing, when it is confirmed either"
    accounts = [f"{line.account_code} {line.account_name}" for line in postings]
    return f"when it is confirmed, {posted_sum(postings)} from {accounts[0]} to {accounts[1]}"


def warnings(purchase: Purchase, on: datetime.date) -> list[str]:
    """Allowed, and worth a second look."""
    texts = []
    if purchase.amount_paid_per_credit > purchase.value_per_credit:
        paid, value = (formats.money(getattr(purchase, name), purchase.currency) for name in reversed(PRICES))
        texts.append(f"The amount paid per credit, {paid}, is more than the value per credit, {value}.")
    if purchase.expires_on and purchase.expires_on < on:
        texts.append(f"The expiry date {formats.day(purchase.expires_on)} has passed: its credits cannot be used.")
    return texts


def difference(before: Purchase, after: Purchase) -> list[Change]:
    """The fields that change, and the state when the draft ends."""
    fields = [Change(label, value_text(before, name), value_text(after, name)) for name, label in SHOWN.items()]
    state = Change(after.number, available(before), available(after), url=after.get_absolute_url())
    return [change for change in (*fields, state) if change.before != change.after]


def value_text(purchase: Purchase, name: str) -> str:
    value = getattr(purchase, name)
    if name in PRICES:
        return formats.money(value, purchase.currency)
    if isinstance(value, datetime.date):
        return formats.day(value)
    if isinstance(value, int):
        return formats.number(value)
    if isinstance(value, dict):
        return dimension_text(value)
    return str(value or formats.NOTHING)[:120]
