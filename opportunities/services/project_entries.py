"""Time and material of projects: entered, changed and deleted until it stands on a sales document. Books: none; they come
with the invoice."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.dates import business_date
from ledger.money import has_decimals
from ledger.services.changes import made_by
from opportunities.exceptions import BadProjectEntry, ProjectEntryBilled, ProjectEntryGone
from opportunities.models import Product, Project, ProjectEntry
from opportunities.reports.usage import first_user_of
from opportunities.services.locks import lock_account
from opportunities.services.prices import check_price
from pages import formats
from pages.refusals import Refused

QUANTITY_DECIMALS = 4
MAX_QUANTITY = Decimal(10) ** 11


@dataclass(frozen=True, kw_only=True)
class Work:
    """What an entry says. Without a description or a price, those of the product."""

    product: Product
    quantity: Decimal
    worked_on: datetime.date
    kind: str = ProjectEntry.Kind.TIME
    description: str = ""
    unit_price: Decimal | None = None


@transaction.atomic
def create_project_entry(project: Project, work: Work, *, actor) -> ProjectEntry:
    """Records time or material of the project. Refused (BadProjectEntry, BadPrice): `refusal_of_work`, a price that the
    currency cannot express."""
    project = _lock(project)
    made_by(actor, "Record project work")
    return _write(ProjectEntry(project=project, created_by=actor), work)


@transaction.atomic
def edit_project_entry(entry: ProjectEntry, work: Work, *, actor) -> ProjectEntry:
    """Changes what is not billed. Refused: what `create_project_entry` refuses; one on a sales document
    (ProjectEntryBilled)."""
    entry = _lock_entry(entry)
    made_by(actor, "Edit project work")
    return _write(entry, work)


@transaction.atomic
def delete_project_entry(entry: ProjectEntry, *, actor) -> None:
    """Deletes what was never billed. Refused: an entry on a sales document (ProjectEntryBilled), also on one that was
    credited, which refers to it."""
    entry = _lock_entry(entry)
    if refusal := refusal_to_delete(entry):
        raise refusal
    made_by(actor, "Delete project work")
    entry.delete()


def refusal_to_change(entry: ProjectEntry) -> Refused | None:
    """Why the entry stays as it is: what bills it is found by its reference, so that nothing here knows sales documents."""
    bill = first_user_of(entry)
    return ProjectEntryBilled(entry, bill) if bill else None


def refusal_to_delete(entry: ProjectEntry) -> Refused | None:
    """Why the entry stays: as in `refusal_to_change`, and by what was credited as well."""
    bill = first_user_of(entry, ever=True)
    return ProjectEntryBilled(entry, bill) if bill else None


def refusal_of_work(project: Project, work: Work) -> Refused | None:
    """Why an entry cannot say that."""
    product = work.product
    if product.prepaid_service or product.is_commitment_item:
        return BadProjectEntry(
            f"{product} is not work: it tops up a prepaid service or belongs to a contract. Choose what was done or used.",
            field="product",
        )
    if not 0 < work.quantity < MAX_QUANTITY or not has_decimals(work.quantity, QUANTITY_DECIMALS):
        return BadProjectEntry(
            f"A quantity of {formats.exact(work.quantity)}: enter more than 0, with at most {QUANTITY_DECIMALS} decimals.",
            field="quantity",
        )
    if work.worked_on > business_date():
        return BadProjectEntry(f"{formats.day(work.worked_on)} has not come.", field="worked_on")
    if work.unit_price is None and product.currency_id != project.currency_id:
        return BadProjectEntry(
            f"{product.code} is priced in {product.currency_id}. Enter its price in {project.currency_id}.",
            field="unit_price",
        )
    return None


def _lock(project: Project) -> Project:
    """The project as it is now, its account locked: what bills its entries waits for the same lock."""
    lock_account(project.account_id)
    return Project.objects.select_related("currency").get(pk=project.pk)


def _lock_entry(entry: ProjectEntry) -> ProjectEntry:
    project = _lock(entry.project)
    found = ProjectEntry.objects.select_for_update().filter(pk=entry.pk).first()
    if found is None:
        raise ProjectEntryGone(entry)
    if refusal := refusal_to_change(found):
        raise refusal
    found.project = project
    return found


def _write(entry: ProjectEntry, work: Work) -> ProjectEntry:
    if refusal := refusal_of_work(entry.project, work):
        raise refusal
    price = work.product.unit_price if work.unit_price is None else work.unit_price
    check_price(price, entry.project.currency)
    entry.kind, entry.worked_on, entry.product = work.kind, work.worked_on, work.product
    entry.description = work.description.strip() or work.product.name
    entry.quantity, entry.unit_price = work.quantity, price
    entry.save()
    return entry
