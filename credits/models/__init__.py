from credits.models.allocations import Allocation, Consumption
from credits.models.milestones import Completion, Milestone
from credits.models.purchases import Purchase, PurchaseDateChange
from credits.models.setup import CreditsSetup

__all__ = [
    "Allocation",
    "Completion",
    "Consumption",
    "CreditsSetup",
    "Milestone",
    "Purchase",
    "PurchaseDateChange",
]
