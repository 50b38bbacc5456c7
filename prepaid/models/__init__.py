from prepaid.models.billing import BilledPeriod, BillingRun, ContractDeferral, DeferralLine, ReleaseRun
from prepaid.models.contracts import CommitmentPrice, CustomerContract, ServiceCommitment, ServiceObject
from prepaid.models.documents import CreditScope, Delivery, DeliveryLine, SalesDocument, SalesLine
from prepaid.models.entries import Application, GiveBack, InflowBalance, PrepaidEntry
from prepaid.models.packages import (
    TERMS,
    CommitmentPackage,
    CommitmentTemplate,
    CommitmentTerms,
    InvoicingVia,
    LineCommitment,
    PackageLine,
    Partner,
    ProductPackage,
    terms_of,
)
from prepaid.models.requests import DissolutionProposal, EntryRequest, StatementMail
from prepaid.models.services import PrepaidService, ServiceProject
from prepaid.models.setup import AutomaticBilling, PrepaidSetup, ReleaseDay, RevenueFrom

__all__ = [
    "TERMS",
    "Application",
    "AutomaticBilling",
    "BilledPeriod",
    "BillingRun",
    "CommitmentPackage",
    "CommitmentPrice",
    "CommitmentTemplate",
    "CommitmentTerms",
    "ContractDeferral",
    "CreditScope",
    "CustomerContract",
    "DeferralLine",
    "Delivery",
    "DeliveryLine",
    "DissolutionProposal",
    "EntryRequest",
    "GiveBack",
    "InflowBalance",
    "InvoicingVia",
    "LineCommitment",
    "PackageLine",
    "Partner",
    "PrepaidEntry",
    "PrepaidService",
    "PrepaidSetup",
    "ProductPackage",
    "ReleaseDay",
    "ReleaseRun",
    "RevenueFrom",
    "SalesDocument",
    "SalesLine",
    "ServiceCommitment",
    "ServiceObject",
    "ServiceProject",
    "StatementMail",
    "terms_of",
]
