"""What a sales line is: decided when the line is written, from its product and prepaid service as they stand then, and kept.
No later change of the product makes a top-up usage or the other way round; changing the line decides it anew."""

from opportunities.models import Product
from prepaid.models import PrepaidService, SalesLine

Role = SalesLine.Role


def role_of(product: Product, service: PrepaidService | None) -> str:
    """Of a line of that product."""
    if product.is_commitment_item:
        return Role.COMMITMENT
    if product.tops_up_once:
        return Role.TOP_UP
    return role_of_work(service)


def role_of_work(service: PrepaidService | None) -> str:
    """Of something that was done: the prepaid service pays for it, or the customer."""
    return Role.USAGE if service is not None else Role.SALE
