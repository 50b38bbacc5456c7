"""Balance lines that somebody adds to an invoice: a prepaid service pays so much of it and no more."""

from decimal import Decimal

from django.db import transaction

from ledger.money import has_decimals
from ledger.services.changes import made_by
from pages import formats
from prepaid.exceptions import BadDocument
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.checks import refusal_of_service
from prepaid.services.document_lines import next_line_no
from prepaid.services.document_state import lock_open
from prepaid.services.locks import prepaid_setup

Type, Kind = SalesDocument.Type, SalesLine.Kind


@transaction.atomic
def add_balance_line(
    document: SalesDocument,
    service: PrepaidService,
    *,
    amount: Decimal = Decimal(0),
    quantity: Decimal = Decimal(0),
    actor,
) -> SalesLine:
    """Adds a balance line by hand: the service pays so much of its lines and no more. How much it may be is looked at when
    the document is posted. Refused: other documents than invoices, nothing or less (BadDocument); a service of another
    account (NotPostable), a closed one (ServiceClosed), one in another currency (OtherCurrency)."""
    document = lock_open(document)
    units = amount if service.is_amount else quantity
    if document.type != Type.INVOICE:
        raise BadDocument("Only an invoice has balance lines.")
    if refusal := refusal_of_service(document, service):
        raise refusal
    if units <= 0 or not has_decimals(units, document.currency.decimals if service.is_amount else QUANTITY_DECIMALS):
        raise BadDocument(
            f"A balance line of {formats.exact(units)} cannot be. Enter more than 0, in the decimals of the service.",
            field="units",
        )
    made_by(actor, "Add balance line")
    return SalesLine.objects.create(
        document=document,
        line_no=next_line_no(document),
        kind=Kind.BALANCE,
        role=SalesLine.Role.BALANCE,
        description=f"Balance of prepaid service {service}"[:250],
        quantity=-1,
        unit_price=amount if service.is_amount else 0,
        net=-amount if service.is_amount else 0,
        covered=0 if service.is_amount else quantity,
        unit_of_measure=service.unit_of_measure,
        product_group=prepaid_setup().deferral_group,
        prepaid_service=service,
        by_hand=True,
    )
