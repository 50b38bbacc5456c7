"""Entering a product and changing it. Lines that were made from it keep what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.models import Currency, ProductPostingGroup, VatProductGroup
from ledger.services.changes import made_by
from opportunities.exceptions import BadProduct
from opportunities.models import CommitmentOption, Product
from opportunities.services.prices import check_credits, check_price
from pages.refusals import Refused

Check = Callable[[Product], Refused | None]
_checks: list[Check] = []
ONCE, BY_CONTRACT = CommitmentOption.SALES_WITHOUT, CommitmentOption.COMMITMENT_ITEM


@dataclass(frozen=True, kw_only=True)
class Selling:
    """How the product stands on sales documents, and what it does for prepaid services."""

    vat_product_group: VatProductGroup | None = None
    unit_of_measure: str = ""
    inventory: bool = False
    commitment_option: str = CommitmentOption.SALES_WITHOUT
    prepaid_service: bool = False


def also_refuse(check: Check) -> None:
    """An app above says what it cannot have of a product: asked with the product as it is now, its row locked. Called in the
    app's `apps.py`."""
    if check not in _checks:
        _checks.append(check)


@transaction.atomic
def create_product(
    *,
    code: str,
    name: str,
    unit_price: Decimal,
    currency: Currency,
    product_group: ProductPostingGroup,
    services_credits: int | None = None,
    selling: Selling | None = None,
    actor,
) -> Product:
    """Makes the product. Refused: a price that the currency cannot express, fewer than one credit (BadPrice); a prepaid
    service that cannot be one (BadProduct)."""
    made_by(actor, "Create product")
    product = Product(code=code)
    return _write(product, name, unit_price, currency, product_group, services_credits, selling)


@transaction.atomic
def edit_product(
    product: Product,
    *,
    code: str,
    name: str,
    unit_price: Decimal,
    currency: Currency,
    product_group: ProductPostingGroup,
    services_credits: int | None,
    selling: Selling | None = None,
    actor,
) -> Product:
    """Changes the product for lines to come; without `selling` it stands on documents as before. No existing line changes.
    Refused as in `create_product`; what an app above refuses of it (`also_refuse`)."""
    product = Product.objects.select_for_update().get(pk=product.pk)
    made_by(actor, "Edit product")
    product.code = code
    return _write(product, name, unit_price, currency, product_group, services_credits, selling)


def check_prepaid(*, prepaid_service: bool, inventory: bool, commitment_option: str) -> None:
    """Refused (BadProduct): a prepaid service that is kept in stock, or that neither an invoice nor a contract tops up."""
    if not prepaid_service:
        return
    if inventory:
        raise BadProduct(
            "An inventory product cannot be a prepaid service. Take one of the two ticks away.", field="prepaid_service"
        )
    if commitment_option not in (ONCE, BY_CONTRACT):
        option = CommitmentOption(commitment_option).label
        raise BadProduct(
            f"“{option}” cannot be a prepaid service. Choose “{ONCE.label}” for one that its invoice tops up once, or"
            f" “{BY_CONTRACT.label}” for one that a contract tops up.",
            field="commitment_option",
        )


def _write(product: Product, name, unit_price, currency, product_group, services_credits, selling) -> Product:
    check_price(unit_price, currency)
    check_credits(services_credits)
    product.name, product.unit_price, product.currency = name, unit_price, currency
    product.product_group, product.services_credits = product_group, services_credits
    for field, value in vars(selling).items() if selling is not None else ():
        setattr(product, field, value)
    product.unit_of_measure = product.unit_of_measure.strip().upper()
    check_prepaid(
        prepaid_service=product.prepaid_service,
        inventory=product.inventory,
        commitment_option=product.commitment_option,
    )
    product.save()
    for check in _checks:
        if refusal := check(product):
            raise refusal
    return product
