"""Expiry by hand, run and described: of one purchase, of many; who is owed what lapses, what stays and what comes back."""

import datetime

from credits.models import AccountRules, Purchase
from credits.previews.lots import confirm_label, lot_change, now
from credits.services.expire import expire_purchase
from credits.services.expire_selection import expire_selection
from ledger.previews.postings import PostingTotals, recorded
from ledger.services.posting import recording
from pages import formats
from pages.preview import Change, LeftOut, Preview

GIVEN_BACK = "Credits that are given back to a purchase after its expiry lapse in the next night."


def expire_and_describe(before: Purchase, *, actor, on: datetime.date) -> Preview:
    expired, postings = recorded(lambda: expire_purchase(before, actor=actor))
    credits = formats.counted(expired.credits, "credits")
    return Preview(
        changes=[lot_change(before, now(before), note=f"{credits} expire")],
        postings=postings,
        left_out=_stays(before),
        warnings=[*_still_usable([before], on), *_owed([before])],
        confirm_label=confirm_label(f"Expire {credits}", postings),
    )


def expire_selection_and_describe(purchases: list[Purchase], *, actor, on: datetime.date) -> Preview:
    """Of each purchase what is left lapses, or it says why not; the postings summed by account."""
    with recording() as entries:
        done = expire_selection([lot.pk for lot in purchases], actor=actor, on=on)
    totals = PostingTotals()
    totals.add(entries)
    lapsed = formats.counted(sum(lot.credits_available for lot in done.expired), "credits")
    of = formats.counted(len(done.expired), "purchases")
    return Preview(
        changes=[_lapses(lot) for lot in done.expired],
        postings=(postings := totals.lines()),
        left_out=[LeftOut(lot.number, str(refusal), lot.get_absolute_url()) for lot, refusal in done.refused],
        warnings=[*_still_usable(done.expired, on), *_owed(done.expired)],
        confirm_label=confirm_label(f"Expire {lapsed} of {of}", postings),
    )


def _lapses(lot: Purchase) -> Change:
    left = f"{formats.number(lot.credits_available)} available"
    return Change(lot.number, left, "0 available", note=lot.account.name, url=lot.get_absolute_url())


def _stays(purchase: Purchase) -> list[LeftOut]:
    allocated = purchase.credits_allocated
    stay = "they are allocated and stay so; given back, they lapse in the next night"
    return [LeftOut(f"{formats.number(allocated)} credits", stay)] if allocated else []


def _still_usable(lots: list[Purchase], on: datetime.date) -> list[str]:
    usable = [lot.number for lot in lots if lot.expires_on == on]
    if not usable:
        return []
    of = "" if len(lots) == 1 else f" of {', '.join(usable)}"
    return [f"Today is the last usable day{of}: without this, the credits could still be used today."]


def _owed(lots: list[Purchase]) -> list[str]:
    """Posting rule 8c, said of the customers whom it is about."""
    accounts = {lot.account_id: lot.account for lot in lots if lot.amount_paid_per_credit}
    claimed = AccountRules.objects.filter(account__in=accounts, unclaimed_property=True).order_by("account")
    return [
        f"{accounts[rules.account_id].name} keeps a claim on what expires, under unclaimed-property rules: it is owed from "
        "here on, and never revenue."
        for rules in claimed
    ]
