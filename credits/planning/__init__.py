"""What of a customer's credits will lapse unused, and what could be done about it: pure functions over plain values.

plan(lots, needs)          first to expire first, as an allocation draws
best(lots, needs)          the plan under which the fewest credits lapse, and among those the least money
extensions(lots, needs)    the later expiry of each lot that saves most
pulls(lots, needs, today)  the earlier day of each need that saves most
top_ups(lots, needs)       what it saves to buy the few credits that a need is short of

All lots and needs are of one customer in one currency. Keys are unique, and of one kind that can be sorted.
"""

from credits.planning.best import best
from credits.planning.first_to_expire import plan
from credits.planning.lots import Key, Need, Plan, PlannedDraw, PlannedLot
from credits.planning.savings import Savings, extensions, pulls, top_ups
from credits.planning.trials import Saving, TopUp

__all__ = [
    "Key",
    "Need",
    "Plan",
    "PlannedDraw",
    "PlannedLot",
    "Saving",
    "Savings",
    "TopUp",
    "best",
    "extensions",
    "plan",
    "pulls",
    "top_ups",
]
