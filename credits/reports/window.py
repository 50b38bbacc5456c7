"""The arithmetic of a row of the opportunity window: what it makes, and how that compares with the line."""

from dataclasses import dataclass
from decimal import Decimal

from credits.models.purchases import MAX_CREDITS
from credits.reports.proposal import Part, split
from opportunities.models import OpportunityLine
from pages import formats


@dataclass(frozen=True)
class Working:
    """What a row comes to at the amount paid. `difference`: what is billed more (or less) than the line."""

    line: OpportunityLine
    parts: tuple[Part, ...]

    @property
    def total(self) -> Decimal:
        return sum((part.total for part in self.parts), Decimal(0))

    @property
    def difference(self) -> Decimal:
        return self.total - self.line.total

    @property
    def credits(self) -> int:
        return sum(part.credits for part in self.parts)

    @property
    def spelled(self) -> str:
        """5 × 142.86 + 2 × 142.85 = 1,000.00"""
        decimals = self.line.opportunity.currency.decimals
        terms = (f"{part.credits:,} × {formats.number(part.price, decimals)}" for part in self.parts)
        return f"{' + '.join(terms)} = {formats.number(self.total, decimals)}"

    @property
    def apart(self) -> str:
        """How far the row is from its line, in words; nothing where they agree."""
        if not self.difference:
            return ""
        way = "more" if self.difference > 0 else "less"
        amount = formats.money(abs(self.difference), self.line.opportunity.currency)
        return f"{amount} {way} than the line"


def work_out(line: OpportunityLine, credits: int, paid: Decimal, *, exact: bool) -> Working | None:
    """None where the row's numbers make no purchase."""
    if not 1 <= credits <= MAX_CREDITS:
        return None
    if exact:
        return Working(line, split(line.total, credits, line.opportunity.currency.decimals))
    return Working(line, (Part(credits, paid),)) if paid >= 0 else None
