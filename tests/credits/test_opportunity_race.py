"""Two people press *Create* at once, over real connections: the line is bought once."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.db import connection

from credits.exceptions import LineNotEligible
from credits.models import Purchase
from credits.services.from_opportunity import Row, create_from_opportunity
from ledger.models import JournalEntry
from opportunities.models import Opportunity, OpportunityLine, Product
from tests.builders import make_account, make_company, trial_balance

TODAY = datetime.date(2026, 11, 24)
PEOPLE = 4


@pytest.mark.django_db(transaction=True)
def test_many_people_at_once_buy_a_line_once():
    """Opportunity, create: two people at once, made once."""
    make_company()
    account = make_account()
    product = Product.objects.create(code="P", name="Pack", unit_price=1, currency_id="USD", product_group_id="CREDITS")
    opportunity = Opportunity.objects.create(
        number="OPP-1", name="Sale", account=account, currency_id="USD", stage="won", closes_on=TODAY
    )
    line = OpportunityLine.objects.create(
        opportunity=opportunity, line_no=1, product=product, description="Seven", unit_price=1000,
        total=Decimal(1000), services_credits=7,
    )  # fmt: skip
    row = Row(
        line=line, credits=7, value_per_credit=Decimal("142.86"), amount_paid_per_credit=Decimal("142.86"),
        starts_on=TODAY, expires_on=TODAY, description="Seven", exact=True,
    )  # fmt: skip
    together, outcomes = threading.Barrier(PEOPLE), []

    def press() -> None:
        try:
            together.wait(timeout=10)
            outcomes.append(create_from_opportunity(opportunity, [row], draft=False, actor=None, on=TODAY))
        except Exception as refused:
            outcomes.append(refused)
        finally:
            connection.close()

    people = [threading.Thread(target=press) for _ in range(PEOPLE)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=30)
    made = [outcome for outcome in outcomes if isinstance(outcome, list)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, LineNotEligible)]
    assert (len(made), len(refused)) == (1, PEOPLE - 1), outcomes
    assert Purchase.objects.count() == JournalEntry.objects.count() == 2
    assert trial_balance()["2400"]["USD"] == -1000
