"""The button of the opportunity page: Create Services Credits Customer Purchase."""

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from credits.exceptions import LineNotEligible
from credits.models import Purchase
from credits.reports.proposal import Part, split
from credits.services.purchases import create_purchase
from credits.services.terms import Terms, check_number
from ledger.dates import business_date
from opportunities.models import Opportunity, OpportunityLine
from opportunities.services.locks import lock_account
from pages.refusals import Refused

FIELDS = {"number_of_credits": "credits"}  # as the row calls them


@dataclass(frozen=True, kw_only=True)
class Row:
    """A ticked row of the window. With `exact` the line's total is split over the credits to the cent and the two prices
    are not asked for; otherwise it becomes one purchase at these prices. The amount paid is left out where the setup has it
    follow the value."""

    line: OpportunityLine
    credits: int
    value_per_credit: Decimal
    starts_on: datetime.date | None
    expires_on: datetime.date | None
    description: str
    amount_paid_per_credit: Decimal | None = None
    exact: bool = False
    key: str = ""  # what a refusal puts before the field it names, so that a page finds the row


@transaction.atomic
def create_from_opportunity(
    opportunity: Opportunity, rows: Sequence[Row], *, draft: bool, actor, on: datetime.date | None = None
) -> list[Purchase]:
    """Makes the purchases of all rows, or none; account and currency come from the opportunity, the day of purchase is
    `on` (default: today).

    Books: as for each purchase that is confirmed; none for drafts. Pressed twice, or by two people at once, a line is
    bought once: the second is refused (LineNotEligible), as is a line of another opportunity or whose price per credit
    rounds to zero without the exact split. Refused too: what `create_purchase` refuses.
    """
    if not rows:
        raise LineNotEligible("No line is ticked: tick at least one line to create a purchase.")
    lock_account(opportunity.account_id)
    opportunity = Opportunity.objects.select_related("account", "currency").get(pk=opportunity.pk)
    lines = opportunity.lines.select_related("product__product_group").order_by("id")
    locked = {line.pk: line for line in lines.select_for_update(of=["self"], no_key=True)}
    purchases = []
    for row in rows:
        with _naming(row):
            line = _checked(locked.get(row.line.pk), opportunity, row)
            for number, terms in enumerate(_terms(opportunity, line, row, on or business_date()), start=1):
                purchases.append(create_purchase(terms, actor=actor, draft=draft, line=line, line_part=number))
    return purchases


@contextlib.contextmanager
def _naming(row: Row) -> Iterator[None]:
    """Of several rows, a refusal names the one it is about."""
    try:
        yield
    except Refused as refused:
        if row.key and refused.field:
            refused.field = f"{row.key}-{FIELDS.get(refused.field, refused.field)}"
        raise


def _checked(line: OpportunityLine | None, opportunity: Opportunity, row: Row) -> OpportunityLine:
    if line is None:
        raise LineNotEligible(
            f"{row.line.description} is not a line of {opportunity} any more. Open the window again.", field="tick"
        )
    numbers = line.purchases.order_by("number").values_list("number", flat=True)
    if numbers:
        raise LineNotEligible(
            f"{line.description} was bought already: {', '.join(numbers)}. Nothing was created.", field="tick"
        )
    if line.services_credits is None:
        raise LineNotEligible(f"{line.description} carries no services credits.", field="tick")
    check_number(row.credits)
    if line.total > 0 and not row.exact and not row.value_per_credit and not row.amount_paid_per_credit:
        raise LineNotEligible(
            f"{line.description}: {line.total.normalize():f} over {row.credits:,} credits rounds to a price of zero. Tick "
            "the exact split instead.",
            field="exact",
        )
    return line


def _terms(opportunity: Opportunity, line: OpportunityLine, row: Row, on: datetime.date) -> list[Terms]:
    """One or two purchases: exact in total, or at the prices of the row."""
    decimals = opportunity.currency.decimals
    parts = split(line.total, row.credits, decimals) if row.exact else (Part(row.credits, row.value_per_credit),)
    return [
        Terms(
            account=opportunity.account,
            currency=opportunity.currency,
            purchased_on=on,
            number_of_credits=part.credits,
            value_per_credit=part.price,
            amount_paid_per_credit=part.price if row.exact else row.amount_paid_per_credit,
            starts_on=row.starts_on,
            expires_on=row.expires_on,
            description=row.description,
            product_group=line.product.product_group,
        )
        for part in parts
    ]
