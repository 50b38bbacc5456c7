"""The planner of an account: what lapses unused if its open milestones are allocated on their target dates, first to expire
first; the choice under which the least lapses; and the dates whose change would save most.

A milestone asks for what it needs beyond what is allocated, on its target date or, when that has passed, on the business
date. Lots count from start to expiry, whatever the setup says of credits past their expiry.
"""

import datetime

from django.db.models import F

from credits.models import Milestone, Purchase
from credits.models.milestones import Status
from credits.reports.planned import AccountPlan
from credits.reports.planner_currency import CurrencyPlanner
from opportunities.models import Account


def planner(account: Account, on: datetime.date) -> AccountPlan:
    """Seen from the business date `on`, per currency. Two queries."""
    lots, milestones = lots_left(account), open_milestones(account)
    dated = sorted((each for each in milestones if each.target_on), key=lambda each: (_due(each, on), each.number))
    currencies = {each.currency for each in lots} | {each.project.currency for each in dated}
    plans = [
        CurrencyPlanner(
            currency,
            [lot for lot in lots if lot.currency == currency],
            [each for each in dated if each.project.currency == currency],
            on,
        ).told()
        for currency in sorted(currencies, key=lambda currency: currency.code)
    ]
    return AccountPlan(on, tuple(plans), tuple(each for each in milestones if not each.target_on))


def lots_left(account: Account) -> list[Purchase]:
    """In the order that decides between lots with the same dates."""
    lots = Purchase.objects.filter(account=account).with_credits_left().select_related("currency", "account")
    return list(lots.defer("description").order_by("purchased_on", "number"))


def open_milestones(account: Account) -> list[Milestone]:
    """Those that ask for more credits than they have."""
    asking = Milestone.objects.filter(project__account=account, actual_on=None).exclude(status=Status.CANCELED)
    asking = asking.filter(credits_needed__gt=F("credits_allocated")).select_related("project__currency")
    return list(asking.order_by("target_on", "number"))


def _due(milestone: Milestone, on: datetime.date) -> datetime.date:
    """What sorts the milestones of one day: those that are overdue have waited longest."""
    assert milestone.target_on
    return min(milestone.target_on, on)
