"""What the opportunity window offers: the lines that can become purchases, with their terms worked out, and the lines that
cannot, with the reason."""

import datetime
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from credits.models import Purchase
from ledger.money import EXACT, product, round_to
from opportunities.models import Opportunity, OpportunityLine


@dataclass(frozen=True)
class Part:
    """One purchase that a line becomes: so many credits at this price each."""

    credits: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        return product(self.credits, self.price)


@dataclass(frozen=True)
class ProposedLine:
    """A line with its credits, the price per credit rounded half up, and the exact split where that price leaves a
    residue (positive: the single price would bill more than the line)."""

    line: OpportunityLine
    credits: int
    price: Decimal
    residue: Decimal
    parts: tuple[Part, ...]
    starts_on: datetime.date
    expires_on: datetime.date

    @property
    def divides(self) -> bool:
        return not self.residue


@dataclass(frozen=True)
class Proposal:
    """What the window shows. `draft` is ticked beforehand, with `warning`, while the opportunity is not won."""

    lines: list[ProposedLine]
    left_out: list[tuple[OpportunityLine, str]]
    draft: bool
    warning: str


def propose(opportunity: Opportunity, *, on: datetime.date) -> Proposal:
    """The proposal for the business date `on`: start that day, expiry the same day next year (29 February: 28)."""
    lines, left_out = [], []
    bought: dict[int, list[str]] = {}
    for line_id, number in Purchase.objects.filter(opportunity_line__opportunity=opportunity).values_list(
        "opportunity_line", "number"
    ):
        bought.setdefault(line_id, []).append(number)
    for line in opportunity.lines.select_related("product", "opportunity__currency"):
        if numbers := bought.get(line.pk):
            left_out.append((line, f"Already bought: {', '.join(sorted(numbers))}"))
        elif line.services_credits is None:
            left_out.append((line, "No services credits on this line"))
        else:
            lines.append(propose_line(line, line.services_credits, on=on))
    won = opportunity.stage == Opportunity.Stage.WON
    warning = "" if won else f"{opportunity} is not won ({opportunity.get_stage_display().lower()}): create drafts."
    return Proposal(lines, left_out, draft=not won, warning=warning)


def propose_line(line: OpportunityLine, credits: int, *, on: datetime.date) -> ProposedLine:
    """The line's terms for that many credits."""
    decimals = line.opportunity.currency.decimals
    price = price_per_credit(line, credits)
    residue = product(credits, price) - line.total
    return ProposedLine(line, credits, price, residue, split(line.total, credits, decimals), on, year_after(on))


def price_per_credit(line: OpportunityLine, credits: int) -> Decimal:
    """Line total / credits, rounded half up to the decimals of the currency."""
    return round_to(EXACT.divide(line.total, Decimal(credits)), line.opportunity.currency.decimals)


def split(total: Decimal, credits: int, decimals: int) -> tuple[Part, ...]:
    """Parts whose totals are exactly `total` and whose prices differ by one minor unit: r credits at the rounded-down
    price plus one unit, the rest at the rounded-down price. One part where the total divides."""
    unit = Decimal(1).scaleb(-decimals)
    low = EXACT.divide(total, Decimal(credits)).quantize(unit, rounding=ROUND_DOWN, context=EXACT)
    dearer = int((total - product(credits, low)) / unit)
    parts = (Part(dearer, low + unit), Part(credits - dearer, low))
    return tuple(part for part in parts if part.credits)


def year_after(day: datetime.date) -> datetime.date:
    """The same day next year; 29 February becomes 28."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
