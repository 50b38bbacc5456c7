"""The steps of the night that belong to prepaid services, each over a range of accounts in the caller's transaction."""

import datetime

from django.template.defaultfilters import pluralize

from ledger.services.nights import Outcome
from opportunities.services.chunks import lock_accounts
from prepaid.models import AutomaticBilling, PrepaidService, PrepaidSetup, ServiceCommitment
from prepaid.services.contracts.billing import bill
from prepaid.services.contracts.release import ACCOUNTS, release_due
from prepaid.services.expire import expire_or_propose
from prepaid.services.review import close_what_is_gone


def bill_contracts(first: int, last: int, on: datetime.date) -> Outcome:
    """Customer contracts are billed up to the day, and posted, as the setup says (rule 30)."""
    lock_accounts(first, last)
    setup = PrepaidSetup.objects.first()
    if setup is None or setup.automatic_billing == AutomaticBilling.OFF:
        return Outcome({"contract invoices": 0})
    billed = bill(
        ServiceCommitment.objects.filter(object__account__pk__range=(first, last)),
        until=on,
        posted_on=on,
        by_night=True,
        post=setup.automatic_billing == AutomaticBilling.POST,
        actor=None,
    )
    return Outcome(
        {"contract invoices": len(billed.invoices)}, [f"{commitment}: {why}" for commitment, why in billed.refusals]
    )


def release_deferrals(first: int, last: int, on: datetime.date) -> Outcome:
    """Parts of contract deferrals that are due by the day become revenue (rule 31)."""
    lock_accounts(first, last)
    done = release_due(ACCOUNTS, {"first": first, "last": last}, until=on, by_night=True)
    refusals = [
        f"{count:,} part{pluralize(count)} of contract deferrals: {refusal}" for count, refusal in done.refusals
    ]
    return Outcome({"contract deferrals released": done.parts}, refusals)


def expire_residuals(first: int, last: int, on: datetime.date) -> Outcome:
    """What was left of inflows past their valid-until lapses (rules 22 and 32), or is left for review. A proposal of
    which nothing is left is closed."""
    lock_accounts(first, last)
    close_what_is_gone(PrepaidService.objects.filter(account__pk__range=(first, last)).values("pk"))
    done = expire_or_propose(first, last, on=on)
    refusals = [f"{count:,} residual{pluralize(count)}: {refusal}" for count, refusal in done.refusals]
    return Outcome({"residuals": done.residuals, "residuals for review": done.proposed}, refusals)
