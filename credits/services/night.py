"""The steps of the night that belong to services credits, each over a range of accounts in the caller's transaction."""

import datetime

from django.template.defaultfilters import pluralize

from credits.services.earn import earn_completed
from credits.services.expected_breakage import catch_up
from credits.services.expire import expire_due
from credits.services.notices import tell
from ledger.services.nights import Outcome
from opportunities.services.chunks import lock_accounts


def expire_credits(first: int, last: int, on: datetime.date) -> Outcome:
    """What was left of purchases past expiry and grace lapses; its money goes to breakage (rule 8)."""
    lock_accounts(first, last)
    expired = expire_due("p.account_id BETWEEN %(first)s AND %(last)s", {"first": first, "last": last}, on=on)
    refusals = [f"{lots:,} purchase{pluralize(lots)}: {refusal}" for lots, refusal in expired.refusals]
    return Outcome({"purchases": expired.lots, "credits": expired.credits}, refusals)


def earn_milestones(first: int, last: int, on: datetime.date) -> Outcome:
    """What was completed and not yet earned becomes revenue (rule 6)."""
    lock_accounts(first, last)
    earned = earn_completed(first, last, on=on)
    refusals = [
        f"{milestones:,} milestone{pluralize(milestones)}: {refusal}" for milestones, refusal in earned.refusals
    ]
    return Outcome({"milestones": earned.completions}, refusals)


def expect_breakage(first: int, last: int, on: datetime.date) -> Outcome:
    """Lots whose credits are expected to stay unused in part stand where the estimate in force says (rule 12)."""
    lock_accounts(first, last)
    written, refused = catch_up(first, last, on=on)
    refusals = [f"{lots:,} purchase{pluralize(lots)}: {refusal}" for lots, refusal in refused]
    return Outcome({"purchases": len(written)}, refusals)


def raise_notices(first: int, last: int, on: datetime.date) -> Outcome:
    """What somebody should know of the credits is told once, and settled when its cause is gone. Books: none."""
    lock_accounts(first, last)
    told = tell(first, last, on=on)
    return Outcome({"notices": told.told, "reopened notices": told.reopened, "settled notices": told.settled})
