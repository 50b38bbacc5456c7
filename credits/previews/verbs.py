"""The verbs of one purchase, run and described: confirm, back to draft, other dates, delete."""

import datetime

from credits.models import Purchase
from credits.previews.entry import difference, warnings
from credits.previews.lots import available, confirm_label, lot_change, now
from credits.services.dates import change_dates
from credits.services.purchases import confirm_purchase, delete_draft, return_to_draft
from ledger.previews.postings import recorded
from pages.preview import Change, Preview


def confirm_and_describe(before: Purchase, *, actor, on: datetime.date) -> Preview:
    _, postings = recorded(lambda: confirm_purchase(before, actor=actor))
    after = now(before)
    return Preview(
        changes=[lot_change(before, after)],
        postings=postings,
        warnings=warnings(after, on),
        confirm_label=confirm_label("Confirm", postings),
    )


def return_and_describe(before: Purchase, *, actor, reason: str) -> Preview:
    _, postings = recorded(lambda: return_to_draft(before, actor=actor, reason=reason))
    return Preview(
        changes=[lot_change(before, now(before))],
        postings=postings,
        confirm_label=confirm_label("Set back to draft", postings),
    )


def change_dates_and_describe(
    before: Purchase, *, starts_on: datetime.date, expires_on: datetime.date, reason: str, actor, on: datetime.date
) -> Preview:
    after = change_dates(before, starts_on=starts_on, expires_on=expires_on, reason=reason, actor=actor)
    changes = [change for change in difference(before, now(after)) if change.before != change.after]
    past = before.expires_on is not None and before.expires_on < on
    # Said where it is past expiry, so that nobody thinks the credits were safe.
    again = ["It is past its expiry date now; with the new one its credits can be used again."] if past else []
    return Preview(changes=changes, warnings=again, confirm_label="Change the dates")


def delete_and_describe(before: Purchase, *, actor) -> Preview:
    change = Change(before.number, available(before), "deleted")
    delete_draft(before, actor=actor)
    return Preview(changes=[change], confirm_label="Delete the draft")
