"""What choosing a product proposes for a line. Everything in it can be amended on the line."""

from dataclasses import dataclass
from decimal import Decimal

from ledger.models import Currency
from ledger.money import round_to
from opportunities.models import OpportunityLine, Product


@dataclass(frozen=True)
class LineProposal:
    """The price is proposed only where the product is priced in the opportunity's currency: a price converted at some
    day's rate would be one that nobody has set."""

    description: str
    unit_price: Decimal | None
    services_credits: int | None


def propose_line(product: Product, *, quantity: Decimal, currency: Currency | None) -> LineProposal:
    price = None
    if currency is not None and product.currency_id == currency.pk:
        price = round_to(product.unit_price, currency.decimals)
    credits = OpportunityLine(product=product, quantity=quantity).proposed_credits() if quantity > 0 else None
    return LineProposal(product.name, price, credits)
