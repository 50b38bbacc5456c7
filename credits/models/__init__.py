from credits.models.accounts import AccountRules
from credits.models.allocations import Allocation, Consumption
from credits.models.corrections import Cancellation, Correction
from credits.models.estimates import BreakageEstimate
from credits.models.milestones import Completion, Milestone
from credits.models.notices import Notice, NoticeMail
from credits.models.purchases import Purchase, PurchaseDateChange
from credits.models.releases import Release
from credits.models.setup import CreditsSetup

__all__ = [
    "AccountRules",
    "Allocation",
    "BreakageEstimate",
    "Cancellation",
    "Completion",
    "Consumption",
    "Correction",
    "CreditsSetup",
    "Milestone",
    "Notice",
    "NoticeMail",
    "Purchase",
    "PurchaseDateChange",
    "Release",
]
