"""Entering a product and changing it. Lines that were made from it keep what they say."""

from decimal import Decimal

from django.db import transaction

from ledger.models import Currency, ProductPostingGroup
from ledger.services.changes import made_by
from opportunities.models import Product
from opportunities.services.prices import check_credits, check_price


@transaction.atomic
def create_product(
    *,
    code: str,
    name: str,
    unit_price: Decimal,
    currency: Currency,
    product_group: ProductPostingGroup,
    services_credits: int | None = None,
    actor,
) -> Product:
    """Makes the product. Refused (BadPrice): a price that the currency cannot express, fewer than one credit."""
    made_by(actor, "Create product")
    product = Product(code=code)
    return _write(product, name, unit_price, currency, product_group, services_credits)


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
    actor,
) -> Product:
    """Changes the product for lines to come; no existing line changes. Refused as in `create_product`."""
    product = Product.objects.select_for_update().get(pk=product.pk)
    made_by(actor, "Edit product")
    product.code = code
    return _write(product, name, unit_price, currency, product_group, services_credits)


def _write(product: Product, name, unit_price, currency, product_group, services_credits) -> Product:
    check_price(unit_price, currency)
    check_credits(services_credits)
    product.name, product.unit_price, product.currency = name, unit_price, currency
    product.product_group, product.services_credits = product_group, services_credits
    product.save()
    return product
