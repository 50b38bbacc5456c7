"""The step of the night that belongs to prepaid services, over a range of accounts in the caller's transaction."""

import datetime

from django.template.defaultfilters import pluralize

from ledger.services.nights import Outcome
from opportunities.services.chunks import lock_accounts
from prepaid.services.expire import expire_or_propose


def expire_residuals(first: int, last: int, on: datetime.date) -> Outcome:
    """What was left of inflows past their valid-until lapses (rules 22 and 32), or is left for review."""
    lock_accounts(first, last)
    done = expire_or_propose(first, last, on=on)
    refusals = [f"{count:,} residual{pluralize(count)}: {refusal}" for count, refusal in done.refusals]
    return Outcome({"residuals": done.residuals, "residuals for review": done.proposed}, refusals)
