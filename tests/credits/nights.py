"""The night for one customer, and what stands of a lot after it."""

import datetime

from credits.models import Purchase
from credits.services.night import earn_milestones, expire_credits
from opportunities.models import Account


def night(account: Account, on: datetime.date) -> list[str]:
    """Both steps of the night, for this customer; gives the errors."""
    done = [step(account.pk, account.pk, on) for step in (expire_credits, earn_milestones)]
    return [error for outcome in done for error in outcome.errors]


def credits_of(lot: Purchase) -> tuple[int, int, int]:
    """Available, allocated, expired: as the database has them."""
    return Purchase.objects.values_list("credits_available", "credits_allocated", "credits_expired").get(pk=lot.pk)
