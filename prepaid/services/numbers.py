"""The numbers of prepaid services and sales documents. Posted documents are numbered without gaps, and only when they are
posted."""

from ledger.services import numbers
from ledger.services.numbers import Series
from prepaid.models import CustomerContract, Delivery, PrepaidService, SalesDocument, ServiceObject

Type = SalesDocument.Type

SERVICES = Series("PS", "PS-", "Prepaid services", digits=5)
DELIVERIES = Series("DN", "DN-", "Delivery notes")
OBJECTS = Series("SVO", "SVO-", "Service objects")
CONTRACTS = Series("CC", "CC-", "Customer contracts")
DOCUMENTS = {
    Type.QUOTE: Series("SQ", "SQ-", "Sales quotes"),
    Type.ORDER: Series("SO", "SO-", "Sales orders"),
    Type.INVOICE: Series("SI", "SI-", "Sales invoices, before they are posted"),
    Type.CREDIT_MEMO: Series("SC", "SC-", "Sales credit memos, before they are posted"),
}
POSTED = {
    Type.INVOICE: Series("PSI", "INV-", "Posted sales invoices, without gaps"),
    Type.CREDIT_MEMO: Series("PSC", "CM-", "Posted sales credit memos, without gaps"),
}


def service_number() -> str:
    return numbers.free_number(SERVICES, PrepaidService)


def document_number(type_: str) -> str:
    return numbers.free_number(DOCUMENTS[Type(type_)], SalesDocument)


def delivery_number() -> str:
    return numbers.free_number(DELIVERIES, Delivery)


def object_number() -> str:
    return numbers.free_number(OBJECTS, ServiceObject)


def contract_number() -> str:
    return numbers.free_number(CONTRACTS, CustomerContract)


def posted_number(type_: str) -> tuple[int, str]:
    """The next place in the series without gaps, and its number. Drawn last of all: its row stays locked until the commit."""
    return numbers.draw(POSTED[Type(type_)], 1)[0]
