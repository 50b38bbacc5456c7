"""Service objects: what a customer has, made by a delivery or by hand. Books and balances: none."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.dates import business_date
from ledger.money import has_decimals
from ledger.services.changes import made_by
from opportunities.models import Account, Product
from opportunities.services.locks import lock_account
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadContract
from prepaid.models import DeliveryLine, ServiceObject
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.contracts.locks import lock_object
from prepaid.services.numbers import object_number


@dataclass(frozen=True, kw_only=True)
class ObjectTerms:
    """What a service object says."""

    account: Account
    product: Product
    description: str = ""
    reference: str = ""
    quantity: Decimal = Decimal(1)
    unit_of_measure: str = ""
    provided_on: datetime.date | None = None


@transaction.atomic
def create_object(terms: ObjectTerms, *, actor, delivery_line: DeliveryLine | None = None) -> ServiceObject:
    """Makes a service object under the next free number. Refused (BadContract): a quantity of nothing; a product that is no
    service commitment item and is not sold with one."""
    lock_account(terms.account.pk)
    if refusal := refusal_of_object(terms):
        raise refusal
    made_by(actor, "Create service object")
    made = ServiceObject(number=object_number(), created_by=actor, delivery_line=delivery_line)
    _write_object(made, terms)
    made.save(force_insert=True)
    return made


@transaction.atomic
def edit_object(service_object: ServiceObject, terms: ObjectTerms, *, actor) -> ServiceObject:
    """Changes what it says. Refused as in `create_object`; another account or product once it has commitments."""
    locked = lock_object(service_object)
    if refusal := refusal_of_object(terms):
        raise refusal
    if (terms.account.pk, terms.product.pk) != (locked.account_id, locked.product_id) and locked.commitments.exists():
        raise BadContract(f"{locked} has commitments: its account and its product stay.", field="account")
    made_by(actor, "Edit service object")
    _write_object(locked, terms)
    locked.save()
    return locked


def refusal_of_object(terms: ObjectTerms) -> Refused | None:
    """Why a service object cannot be so."""
    if terms.quantity <= 0 or not has_decimals(terms.quantity, QUANTITY_DECIMALS):
        return BadContract(f"A quantity of {formats.exact(terms.quantity)}: enter more than 0.", field="quantity")
    return None


def _write_object(made: ServiceObject, terms: ObjectTerms) -> None:
    made.account, made.product = terms.account, terms.product
    made.description = (terms.description.strip() or terms.product.name)[:250]
    made.reference, made.quantity = terms.reference.strip(), terms.quantity
    made.unit_of_measure = terms.unit_of_measure.strip() or terms.product.unit_of_measure
    made.provided_on = terms.provided_on or business_date()
