"""Opportunities, and what was bought from them by the button of their page."""

import datetime
from decimal import Decimal
from typing import Any

from credits.reports.proposal import propose
from credits.services.from_opportunity import Row, create_from_opportunity
from opportunities.models import Account, Opportunity, Product
from opportunities.reports.line_proposal import propose_line
from opportunities.services.lines import LineTerms
from opportunities.services.opportunities import OpportunityTerms, create_opportunity

OPEN, WON, LOST = Opportunity.Stage.OPEN, Opportunity.Stage.WON, Opportunity.Stage.LOST

# Account, name, stage, days from today to its close date, lines (product, quantity, discount %), bought on: days from today,
# or as a draft, or not yet.
OPPORTUNITIES: tuple[tuple[str, str, str, int, list[tuple[str, int, int | str]], Any], ...] = (
    ("harbour", "Warehouse rollout", WON, -2, [("CR-7", 1, 0)], None),
    ("marlowe", "Patient portal, phase 2", WON, -5, [("CR-25", 2, 0), ("TRAIN-DAY", 3, 10)], None),
    ("alder", "Document assembly", OPEN, 21, [("CR-50", 1, "7.5"), ("REVIEW", 1, 0)], None),
    ("meridian", "Outage map", OPEN, 40, [("CR-100", 2, 12), ("SUPPORT-Y", 1, 0)], None),
    ("bluejay", "Crew planning pilot", OPEN, 9, [("CR-3", 1, 0)], "draft"),
    ("cedar", "Recipe traceability", LOST, -30, [("CR-50", 1, 0)], None),
    ("lindqvist", "Showroom configurator", OPEN, 14, [("CR-60-EUR", 1, 5)], None),
    ("rhein", "Service portal", WON, -1, [("CR-60-EUR", 2, "2.5")], None),
    ("castle", "Claims intake", OPEN, 55, [("CR-20-GBP", 4, 15)], None),
    ("thistle", "Subscriber analytics", LOST, -75, [("CR-20-GBP", 1, 0)], None),
    ("sakura", "Line diagnostics", OPEN, 30, [("CR-30-JPY", 2, 0)], None),
    ("harbour_eu", "Customs filing", WON, -3, [("CR-10-EUR", 3, 0)], None),
    ("harbour", "Berth scheduling", WON, -320, [("CR-100", 1, 15), ("SUPPORT-Y", 1, 0)], -318),
    ("harbour", "Yard handhelds", WON, -60, [("CR-7", 3, 0)], -58),
    ("marlowe", "Patient portal, phase 1", WON, -210, [("CR-50", 1, 0), ("TRAIN-DAY", 2, 0)], -205),
    ("alder", "Matter intake", WON, -345, [("CR-25", 1, 0)], -344),
    ("meridian", "Meter data hub", WON, -120, [("CR-250", 1, "8.25")], -118),
    ("castle", "Broker extranet", WON, -95, [("CR-20-GBP", 3, 0)], -94),
    ("sakura", "Spare parts shop", WON, -150, [("CR-30-JPY", 1, 0)], -149),
    ("rhein", "Turbine passport", WON, -352, [("CR-60-EUR", 1, 0)], -350),
)


def sell(accounts: dict[str, Account], products: dict[str, Product], actor, today: datetime.date) -> None:
    for account, name, stage, closes, lines, bought in OPPORTUNITIES:
        terms = OpportunityTerms(
            name=name,
            account=accounts[account],
            currency=accounts[account].currency,
            stage=stage,
            closes_on=today + datetime.timedelta(days=closes),
        )
        sold = [line_terms(terms, products[code], quantity, discount) for code, quantity, discount in lines]
        opportunity = create_opportunity(terms, lines=sold, actor=actor)
        if bought is not None:
            day = today if bought == "draft" else today + datetime.timedelta(days=bought)
            buy(opportunity, actor=actor, on=day)


def line_terms(terms: OpportunityTerms, product: Product, quantity: int, discount: int | str) -> LineTerms:
    proposal = propose_line(product, quantity=Decimal(quantity), currency=terms.currency)
    return LineTerms(
        product=product,
        description=proposal.description,
        quantity=Decimal(quantity),
        unit_price=proposal.unit_price or product.unit_price,
        discount_percent=Decimal(discount),
        services_credits=proposal.services_credits,
    )


def buy(opportunity: Opportunity, *, actor, on: datetime.date) -> None:
    """As the button proposes it: every line with credits, split where its total does not divide."""
    proposal = propose(opportunity, on=on)
    rows = [
        Row(
            line=line.line,
            credits=line.credits,
            value_per_credit=line.price,
            amount_paid_per_credit=line.price,
            starts_on=line.starts_on,
            expires_on=line.expires_on,
            description=line.line.description,
            exact=not line.divides,
        )
        for line in proposal.lines
    ]
    create_from_opportunity(opportunity, rows, draft=proposal.draft, actor=actor, on=on)
