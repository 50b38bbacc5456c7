"""The card of a prepaid service: made, changed, closed. Books: none."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from ledger.exceptions import BadDimension
from ledger.models import Currency, DimensionValue
from ledger.services.changes import made_by
from ledger.services.dimensions import check_dimensions
from opportunities.models import Account, Project
from opportunities.services.locks import lock_account
from pages import formats
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, DateFormula
from prepaid.exceptions import BadService
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.services.locks import lock_service
from prepaid.services.numbers import service_number


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a card says. What an entry has fixed stays."""

    account: Account
    description: str = ""
    accrual: str = PrepaidService.Accrual.ONE_TIME
    type: str = PrepaidService.Type.AMOUNT
    currency: Currency | None = None
    unit_of_measure: str = ""
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    valid_until_formula: str = ""
    dimension_value: str = ""


@transaction.atomic
def create_service(
    card: Card, *, actor, number: str | None = None, made: str = "Create prepaid service", reason: str = ""
) -> PrepaidService:
    """Makes the card under the next free number, or the given one. With *auto-insert dimension value* its number becomes a
    value of the dimension of the setup, and is carried by its postings. `made` and `reason` sign it. Refused:
    `refusal_of_card` (BadService); a value that the dimension does not have, or that is blocked (BadDimension)."""
    lock_account(card.account.pk)
    if refusal := refusal_of_card(card):
        raise refusal
    setup = PrepaidSetup.objects.first()
    _check_dimension_value(setup, card.dimension_value)
    made_by(actor, made, reason=reason)
    service = PrepaidService(number=number or service_number())
    _write(service, card)
    if setup is not None and setup.insert_dimension_value and setup.dimension_id and not service.dimension_value:
        DimensionValue.objects.get_or_create(
            dimension_id=setup.dimension_id,
            code=service.number,
            defaults={"name": (card.description or service.number)[:60]},
        )
        service.dimension_value = service.number
    service.save(force_insert=True)
    return service


@transaction.atomic
def edit_service(service: PrepaidService, card: Card, *, actor) -> PrepaidService:
    """Changes the card for entries to come. Refused (BadService): `refusal_of_card`, and what an entry has fixed: account,
    accrual, type, unit of measure, currency; account, accrual, type and currency while a commitment tops it up; another
    account while projects or sales lines of the old one name it.
    BadDimension as in `create_service`."""
    service = lock_service(service)
    if refusal := refusal_of_card(card) or _refusal_of_fixed(service, card) or _refusal_to_move(service, card):
        raise refusal
    _check_dimension_value(PrepaidSetup.objects.first(), card.dimension_value, kept=service.dimension_value)
    made_by(actor, "Edit prepaid service")
    _write(service, card)
    service.save()
    return service


@transaction.atomic
def assign_projects(service: PrepaidService, projects: Collection[Project], *, actor) -> PrepaidService:
    """The projects whose time and material the service pays for, from now on. Refused (BadService): another account's."""
    service = lock_service(service)
    for project in projects:
        if project.account_id != service.account_id:
            raise BadService(f"Project {project} belongs to another account.", field="projects")
    made_by(actor, "Assign projects")
    service.projects.set(projects)
    return service


@transaction.atomic
def close_service(service: PrepaidService, *, actor) -> PrepaidService:
    """Closes the card: no entry any more, hidden from lists. Refused (BadService): something is left on it."""
    service = lock_service(service)
    if refusal := refusal_to_close(service):
        raise refusal
    made_by(actor, "Close prepaid service")
    service.closed = True
    service.save(update_fields=["closed"])
    return service


@transaction.atomic
def reopen_service(service: PrepaidService, *, actor) -> PrepaidService:
    """Opens a closed card again. Refused (BadService): one that is open."""
    service = lock_service(service)
    if not service.closed:
        raise BadService(f"{service} is open.")
    made_by(actor, "Reopen prepaid service")
    service.closed = False
    service.save(update_fields=["closed"])
    return service


def refusal_to_close(service: PrepaidService) -> Refused | None:
    """Why the card stays open."""
    if service.closed:
        return BadService(f"{service} is closed already.")
    found = PrepaidService.objects.with_balances().select_related("currency").get(pk=service.pk)
    if found.outstanding and found.currency is not None:
        left = formats.money(found.outstanding, found.currency)
    elif found.outstanding_quantity:
        left = f"{formats.exact(found.outstanding_quantity)} {found.unit_of_measure}".strip()
    else:
        return None
    return BadService(f"{service} has {left} left. Expire it, or take it out with an entry by hand, then close it.")


def refusal_of_card(card: Card) -> Refused | None:
    """Why a card cannot say that."""
    Accrual, Type = PrepaidService.Accrual, PrepaidService.Type
    if card.accrual == Accrual.ONE_TIME and card.type == Type.QUANTITY:
        return BadService(
            "A one-time prepaid service is always an amount. Choose periodic for a quantity.", field="type"
        )
    if card.type == Type.AMOUNT and card.unit_of_measure:
        return BadService("Only a quantity has a unit of measure.", field="unit_of_measure")
    if card.starts_on and card.ends_on and card.ends_on < card.starts_on:
        return BadService(f"It ends on {formats.day(card.ends_on)}, before it starts.", field="ends_on")
    try:
        if card.valid_until_formula.strip():
            DateFormula.parse(card.valid_until_formula)
    except BadDateFormula as bad:
        return BadService(bad.message, field="valid_until_formula")
    return None


def fixed_fields(service: PrepaidService) -> tuple[str, ...]:
    """What an entry has made fast on the card, or an entry by hand that waits for approval as it was asked for; or a
    commitment that tops it up."""
    if service.entries.exists() or service.requests.filter(state="requested").exists():
        return ("account", "accrual", "type", "currency", "unit_of_measure")
    return ("account", "accrual", "type", "currency") if service.commitments.exists() else ()


def _refusal_of_fixed(service: PrepaidService, card: Card) -> Refused | None:
    for name in fixed_fields(service):
        if getattr(service, name) != getattr(card, name):
            label = str(service._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            return BadService(f"{_why_fixed(service)}: its {label} stays {getattr(service, name)}.", field=name)
    return None


def _why_fixed(service: PrepaidService) -> str:
    if service.entries.exists():
        return f"{service} has entries"
    if service.requests.filter(state="requested").exists():
        return f"An entry of {service} waits for approval"
    return f"{service.commitments.select_related('object').first()} tops up {service}"


def _refusal_to_move(service: PrepaidService, card: Card) -> Refused | None:
    """Why it stays with its account although no entry has fixed that."""
    if card.account.pk == service.account_id:
        return None
    if project := service.projects.first():
        return BadService(
            f"Projects of the old account are assigned, such as {project}. Take them off first.", field="account"
        )
    if line := service.sales_lines.select_related("document").first():
        return BadService(
            f"{line.document} of the old account names {service}. Delete its line first.", field="account"
        )
    return None


def _check_dimension_value(setup: PrepaidSetup | None, value: str, *, kept: str = "") -> None:
    """Refused (BadDimension): a value that the dimension of the setup does not have, or that is blocked and not `kept`."""
    if setup is None or setup.dimension_id is None or not value:
        return
    try:
        check_dimensions({setup.dimension_id: value}, kept={setup.dimension_id: kept})
    except BadDimension as bad:
        raise BadDimension(bad.message, field="dimension_value") from bad


def _write(service: PrepaidService, card: Card) -> None:
    for name, value in vars(card).items():
        setattr(service, name, value.strip() if isinstance(value, str) else value)
    formula = service.valid_until_formula
    service.valid_until_formula = str(DateFormula.parse(formula)) if formula else ""
