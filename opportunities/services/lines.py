"""The lines of an opportunity, as they are entered, and the rules they keep whoever enters them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.models import Currency
from ledger.money import has_decimals
from opportunities.exceptions import BadLine, BadPrice, LineBought, LineGone
from opportunities.models import Opportunity, OpportunityLine, Product
from opportunities.services.prices import check_credits, check_price

QUANTITY_DECIMALS = 4
MAX_QUANTITY = Decimal(10) ** 11
COPIED = ("product", "description", "quantity", "unit_price", "discount_percent", "services_credits")


@dataclass(frozen=True, kw_only=True)
class LineTerms:
    """What one line says; the price is per unit, in the opportunity's currency. `line` is the key of the line that is
    changed; without it the line is new."""

    product: Product
    description: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal = Decimal(0)
    services_credits: int | None = None
    line: int | None = None


def check_line(terms: LineTerms, currency: Currency) -> None:
    """Refused (BadLine, BadPrice), naming field, value and rule."""
    if terms.quantity <= 0:
        raise BadLine(f"{terms.quantity:f} is not above zero.", field="quantity")
    if not has_decimals(terms.quantity, QUANTITY_DECIMALS):
        raise BadLine(f"The quantity {terms.quantity:f} has more than {QUANTITY_DECIMALS} decimals.", field="quantity")
    if terms.quantity >= MAX_QUANTITY:
        raise BadLine(f"The quantity {terms.quantity:f} has more than 11 digits before the point.", field="quantity")
    if not 0 <= terms.discount_percent <= 100:
        raise BadLine(f"{terms.discount_percent:f} % is not between 0 and 100.", field="discount_percent")
    if not has_decimals(terms.discount_percent, 3):
        raise BadLine(f"{terms.discount_percent:f} % has more than 3 decimals.", field="discount_percent")
    check_price(terms.unit_price, currency)
    check_credits(terms.services_credits)


def write_lines(opportunity: Opportunity, lines: Sequence[LineTerms], bought: dict[int, list[str]]) -> None:
    """Adds and changes the lines, whose account is locked, and prices each anew. A line that was bought may come unchanged;
    otherwise it is refused (LineBought), as is one that is gone (LineGone) and what `check_line` refuses."""
    existing = {line.pk: line for line in opportunity.lines.all()}
    number = max((line.line_no for line in existing.values()), default=0)
    for place, terms in enumerate(lines):
        line = existing.get(terms.line) if terms.line else OpportunityLine(line_no=number + place + 1)
        if line is None:
            raise LineGone(terms.description)
        if line.pk in bought:
            _check_unchanged(line, terms, bought[line.pk])
        else:
            _write(opportunity, line, terms, place)


def remove_lines(opportunity: Opportunity, removed: Collection[int], bought: dict[int, list[str]]) -> None:
    """Takes the lines out; one that is gone already is. Refused (LineBought): a line that was bought."""
    for line in opportunity.lines.filter(pk__in=removed):
        if line.pk in bought:
            raise LineBought(line, bought[line.pk])
        line.delete()


def unnamed_lines(opportunity: Opportunity, lines: Sequence[LineTerms]) -> list[LineTerms]:
    """What the other lines say: another currency prices them anew as well."""
    others = opportunity.lines.exclude(pk__in=[terms.line for terms in lines if terms.line])
    return [LineTerms(line=line.pk, **{name: getattr(line, name) for name in COPIED}) for line in others]


def _check_unchanged(line: OpportunityLine, terms: LineTerms, buyers: list[str]) -> None:
    if any(getattr(line, name) != getattr(terms, name) for name in COPIED):
        raise LineBought(line, buyers)


def _write(opportunity: Opportunity, line: OpportunityLine, terms: LineTerms, place: int) -> None:
    try:
        check_line(terms, opportunity.currency)
    except (BadLine, BadPrice) as refused:
        raise BadLine(f"Line {place + 1}: {refused.message}") from refused
    line.opportunity = opportunity
    for name in COPIED:
        setattr(line, name, getattr(terms, name))
    line.price()
    line.save()
