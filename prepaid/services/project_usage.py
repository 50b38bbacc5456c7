"""The usage invoice of a project: its time and material that is not on a sales document yet. Books and balances: none, which
come with the posting of the invoice, when the prepaid service pays for its lines.

An entry is billed once. Where the invoice or its line is deleted before the posting, the entry is free again; so it is when
posted credit memos have taken back all of its line.
"""

import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ledger.dates import business_date
from ledger.services.changes import made_by
from opportunities.models import Project, ProjectEntry
from opportunities.services.locks import lock_account
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, NothingToBill
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.reports.billing import still_billing
from prepaid.services.checks import refusal_of_service
from prepaid.services.document_lines import refusal_now
from prepaid.services.documents import Header, create_document
from prepaid.services.locks import lock_services
from prepaid.services.pricing import price
from prepaid.services.roles import role_of_work

Type = SalesDocument.Type


@transaction.atomic
def invoice_project(
    project: Project,
    *,
    service: PrepaidService | None = None,
    until: datetime.date | None = None,
    on: datetime.date | None = None,
    actor,
) -> SalesDocument:
    """Makes an open invoice of the project's unbilled time and material up to a day, today unless told otherwise, a line for
    each, paid by the prepaid service; without one the customer is billed. Refused: nothing to bill (NothingToBill); a service
    that is not assigned to the project (BadDocument), of another account (NotPostable), closed (ServiceClosed) or in another
    currency (OtherCurrency)."""
    lock_account(project.account_id)
    project = Project.objects.select_related("account__bill_to", "currency").get(pk=project.pk)
    until = until or business_date()
    entries = list(to_bill(project, until).select_for_update(of=["self"]))
    if not entries:
        raise NothingToBill(project, until)
    if service is not None:
        service = lock_services([service.pk])[service.pk]
    header = Header(account=project.account, currency=project.currency, document_on=on, project=project)
    invoice = create_document(Type.INVOICE, header, actor=actor)
    made_by(actor, "Invoice project work")
    if service is not None and (refusal := refusal_of_assigned(invoice, project, service)):
        raise refusal
    _write_lines(invoice, entries, service)
    return invoice


def to_bill(project: Project, until: datetime.date) -> "QuerySet[ProjectEntry]":
    """What was done or used up to that day and is on no sales document, or only on what was credited whole, the earliest
    first."""
    billed = still_billing(SalesLine.objects.filter(project_entry=OuterRef("pk")))
    entries = project.entries.filter(~Exists(billed), worked_on__lte=until)
    return entries.select_related("product").order_by("worked_on", "pk")


def assigned_services(project: Project) -> "QuerySet[PrepaidService]":
    """The open ones that pay for the project's time and material, in its currency."""
    in_its_currency = Q(currency=None) | Q(currency=project.currency_id)
    return PrepaidService.objects.open().filter(in_its_currency, projects=project)


def refusal_to_invoice_project(project: Project) -> Refused | None:
    """Why there is nothing to invoice of the project today."""
    today = business_date()
    return None if to_bill(project, today).exists() else NothingToBill(project, today)


def refusal_of_assigned(invoice: SalesDocument, project: Project, service: PrepaidService) -> Refused | None:
    """Why that prepaid service does not pay for the project."""
    if refusal := refusal_of_service(invoice, service):
        return refusal
    if not service.assignments.filter(project=project).exists():
        return BadDocument(
            f"{service} is not assigned to {project}. Assign the project on the page of the service first.",
            field="prepaid_service",
        )
    return None


def _write_lines(invoice: SalesDocument, entries: list[ProjectEntry], service: PrepaidService | None) -> None:
    """At once, since VAT is cut over all of them."""
    lines = [
        SalesLine(
            document=invoice,
            line_no=line_no,
            product=entry.product,
            product_group_id=entry.product.product_group_id,
            description=f"{formats.day(entry.worked_on)}, {entry.description}"[:250],
            quantity=entry.quantity,
            unit_of_measure=entry.product.unit_of_measure,
            unit_price=entry.unit_price,
            prepaid_service=service,
            role=role_of_work(service),
            project_entry=entry,
        )
        for line_no, entry in enumerate(entries, start=1)
    ]
    price(invoice, lines)
    for line in lines:
        if refusal := refusal_now(invoice, line):
            raise refusal
    SalesLine.objects.bulk_create(lines)
