"""The step of the night that belongs to prepaid services, over a range of accounts in the caller's transaction."""

import datetime

from django.template.defaultfilters import pluralize

from ledger.services.nights import Outcome
from opportunities.services.chunks import lock_accounts
from prepaid.models import PrepaidService
from prepaid.services.expire import expire_or_propose
from prepaid.services.review import close_what_is_gone


def expire_residuals(first: int, last: int, on: datetime.date) -> Outcome:
    """What was left of inflows past their valid-until lapses (rules 22 and 32), or is left for review. A proposal of
    which nothing is left is closed."""
    lock_accounts(first, last)
    close_what_is_gone(PrepaidService.objects.filter(account__pk__range=(first, last)).values("pk"))
    done = expire_or_propose(first, last, on=on)
    refusals = [f"{count:,} residual{pluralize(count)}: {refusal}" for count, refusal in done.refusals]
    return Outcome({"residuals": done.residuals, "residuals for review": done.proposed}, refusals)
