from prepaid.models.documents import Delivery, DeliveryLine, SalesDocument, SalesLine
from prepaid.models.entries import Application, GiveBack, InflowBalance, PrepaidEntry
from prepaid.models.requests import DissolutionProposal, EntryRequest, StatementMail
from prepaid.models.services import PrepaidService, ServiceProject
from prepaid.models.setup import PrepaidSetup, RevenueFrom

__all__ = [
    "Application",
    "Delivery",
    "DeliveryLine",
    "DissolutionProposal",
    "EntryRequest",
    "GiveBack",
    "InflowBalance",
    "PrepaidEntry",
    "PrepaidService",
    "PrepaidSetup",
    "RevenueFrom",
    "SalesDocument",
    "SalesLine",
    "ServiceProject",
    "StatementMail",
]
