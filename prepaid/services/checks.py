"""What a sales document must be before it is posted: looked at under the locks, told one after the other."""

import datetime
from collections.abc import Iterable, Iterator

from ledger.dates import business_date
from pages import formats
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, end_of_validity
from prepaid.exceptions import NotPostable, OtherCurrency, ServiceClosed
from prepaid.models import PrepaidService, SalesDocument, SalesLine

Type, Kind = SalesDocument.Type, SalesLine.Kind


def refusal_to_post(document: SalesDocument, lines: Iterable[SalesLine]) -> Refused | None:
    """Why the document cannot be posted as it stands: the first reason."""
    return next(_refusals(document, list(lines)), None)


def _refusals(document: SalesDocument, lines: list[SalesLine]) -> Iterator[Refused]:
    if document.type not in (Type.INVOICE, Type.CREDIT_MEMO):
        yield NotPostable(f"{document} is {_a(document)}: it is made into an invoice, which is posted.")
    if not any(line.kind == Kind.ITEM for line in lines):
        yield NotPostable(f"{document} has no lines. Add what is sold first.")
    if document.posted_on > business_date():
        yield NotPostable(f"{formats.day(document.posted_on)} has not come: choose today or an earlier posting date.")
    if document.corrects is not None and document.posted_on < document.corrects.posted_on:
        yield NotPostable(
            f"{document} corrects {document.corrects}, which was posted on {formats.day(document.corrects.posted_on)}: "
            "choose that day or a later posting date.",
            field="posted_on",
        )
    for line in lines:
        if refusal := refusal_of_line(document, line):
            yield refusal


def refusal_of_line(document: SalesDocument, line: SalesLine) -> Refused | None:
    """Why the line cannot be posted with the document."""
    service = line.prepaid_service
    where = f"Line {line.line_no}, {line.description}"
    if line.is_commitment and document.type == Type.INVOICE:
        return NotPostable(
            f"{where}: a service commitment item is billed by its contract, not by an invoice.", field="product"
        )
    if line.tops_up and line.quantity != 1:
        return NotPostable(
            f"{where}: a prepaid service is topped up in a quantity of 1, not {formats.exact(line.quantity)}.",
            field="quantity",
        )
    if line.tops_up and service is None:
        return NotPostable(f"{where}: choose the prepaid service that it tops up.", field="prepaid_service")
    if line.tops_up and not line.net:
        return NotPostable(f"{where}: it comes to nothing, so it tops nothing up.", field="unit_price")
    if service is None:
        return None
    if line.tops_up and service.is_periodic and line.corrects_line_id is None:
        return NotPostable(
            f"{where}: {service} is periodic. A contract tops it up, not an invoice.", field="prepaid_service"
        )
    received = (
        line.billed_period.starts_on if line.is_contract and document.type == Type.INVOICE else document.posted_on
    )
    if (
        (line.tops_up or line.is_contract)
        and document.type == Type.INVOICE
        and (bad := _bad_formula(service, received))
    ):
        return NotPostable(f"{where}: {bad} Correct the dateformula of {service}.", field="prepaid_service")
    return refusal_of_service(document, service)


def _bad_formula(service: PrepaidService, day: datetime.date) -> str:
    """Why the dateformula of the card gives no last day to what is received on the day."""
    try:
        end_of_validity(service.valid_until_formula, day)
    except BadDateFormula as bad:
        return bad.message
    return ""


def refusal_of_service(document: SalesDocument, service: PrepaidService) -> Refused | None:
    """Why no line of the document can have that prepaid service."""
    if service.account_id != document.account_id:
        return NotPostable(f"Prepaid service {service} belongs to another account.", field="prepaid_service")
    if service.closed:
        return ServiceClosed(service, field="prepaid_service")
    if service.currency_id is not None and service.currency_id != document.currency_id:
        return OtherCurrency(service, document.currency_id, field="prepaid_service")
    return None


def warnings(document: SalesDocument, lines: Iterable[SalesLine]) -> list[str]:
    """What does not keep the document from being posted, but should be known."""
    services = {line.prepaid_service for line in lines if line.prepaid_service is not None}
    return [
        f"{formats.day(document.posted_on)} lies outside the term of {service}, {term}."
        for service in sorted(services, key=str)
        if (term := outside_term(service, document.posted_on))
    ]


def outside_term(service: PrepaidService, day: datetime.date) -> str:
    """The term of the service, where the day lies outside it."""
    if service.starts_on and day < service.starts_on:
        return f"which starts on {formats.day(service.starts_on)}"
    if service.ends_on and day > service.ends_on:
        return f"which ended on {formats.day(service.ends_on)}"
    return ""


def _a(document: SalesDocument) -> str:
    name = document.get_type_display().lower()
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
