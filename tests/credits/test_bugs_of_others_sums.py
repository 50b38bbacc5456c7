"""Bugs of other systems about sums and small amounts: rows 8, 9 and 16 of bugs-to-tests.md."""

import csv
import datetime
import io
import itertools
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from credits.exceptions import LineNotEligible
from credits.models import Purchase
from credits.reports.holdings import holdings
from credits.reports.why_not import why_not_account
from credits.services.allocate import allocate
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.milestones import complete
from tests.builders import make_milestone, make_opportunity, make_project, make_purchase, make_rate, trial_balance
from tests.credits.correcting import refunded
from tests.credits.desk import STAFF, sign_in, text
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
CREDITS = """
SELECT sum(number_of_credits) - (SELECT coalesce(sum(credits), 0) FROM credits_consumption) FROM credits_purchase
"""


def test_a_balance_is_the_sum_of_its_rows_wherever_it_is_shown(client, account, project, sam):
    """Row 8. Origin: lago-api#4641, a balance rounded on its own was 85.71 where its rows came to 85.72."""
    for paid in ("85.71", "85.72", "33.33", "0.01"):
        make_purchase(account, number_of_credits=7, amount_paid_per_credit=paid)
    milestone = make_milestone(project, 10)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY)
    (holding,) = holdings(account.purchases.all(), TODAY, 30)
    with connection.cursor() as cursor:
        cursor.execute(CREDITS)
        assert (holding.available,) == cursor.fetchone()
    owed = sum(account.purchases.values_list("deferred", flat=True))
    assert holding.deferred == owed == -trial_balance()["2400"]["USD"]
    sign_in(client, *STAFF)
    listed = client.get(reverse("credits:purchase-list"), {"account": account.number, "export": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(listed.streaming_content).decode())))
    assert sum(Decimal(row["Deferred"]) for row in rows) == owed
    for url in (account.get_absolute_url(), f"{reverse('credits:purchase-list')}?account={account.number}"):
        assert f"USD\xa0{owed:,.2f}" in client.get(url).content.decode().replace("&nbsp;", "\xa0"), text(
            client.get(url)
        )


@pytest.mark.parametrize(("currency", "total"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001")])
def test_a_price_that_rounds_to_zero_is_refused_and_the_split_makes_every_credit_spendable(account, currency, total):
    """Row 9. Origin: lago-api#5792, tiny grants were worth nothing and could not be spent."""
    if currency != "USD":
        make_rate(currency, "2")
    opportunity = make_opportunity(account, total=total, credits=3, currency=currency)
    terms = {"credits": 3, "value_per_credit": Decimal(0), "amount_paid_per_credit": Decimal(0), "description": "Three"}
    row = {"line": opportunity.lines.get(), "starts_on": TODAY, "expires_on": TODAY, **terms}
    with pytest.raises(LineNotEligible, match="rounds to a price of zero"):
        create_from_opportunity(opportunity, [Row(**row)], draft=False, actor=None)
    assert not Purchase.objects.exists()
    lots = create_from_opportunity(opportunity, [Row(**row, exact=True)], draft=False, actor=None)
    assert sum(lot.paid_total for lot in lots) == Decimal(total)
    milestone = make_milestone(make_project(account, currency=currency), 3)
    allocate(milestone, actor=None)
    complete(milestone, actor=None)
    night(account, TODAY)
    assert trial_balance()["4000"][currency] == -Decimal(total)
    assert "2400" not in trial_balance()


def test_free_credits_are_spent_and_expire_as_any_other_and_post_nothing(account, project, sam):
    """Row 9. Origin: lago-api#5792, tiny grants could not be spent."""
    lot = make_purchase(account, amount_paid_per_credit="0", expires_on=TODAY)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY + DAY)
    lot.refresh_from_db()
    assert (lot.credits_allocated, lot.credits_expired, lot.credits_released, trial_balance()) == (4, 6, 10, {})
    assert {
        str(reason): credits for reason, credits in why_not_account(account, TODAY + DAY).totals["USD"].items()
    } == {
        "consumed": 4,
        "expired": 6,
    }


@pytest.mark.parametrize("order", list(itertools.permutations(("one", "three", "refund", "expire"))))
def test_any_order_of_consuming_refunding_and_expiring_ends_both_currencies_at_zero(account, order):
    """Row 16. Origin: erpnext#55600, an item settled in parts left a residue in the base currency. 7 credits of 0.33 GBP at
    1.2711 are 2.94 USD, and neither the third nor the seventh of it is a whole cent."""
    make_rate("GBP", "1.2711")
    lot = make_purchase(account, currency="GBP", number_of_credits=7, amount_paid_per_credit="0.33", expires_on=TODAY)
    project = make_project(account, currency="GBP")
    one, three = (make_milestone(project, number) for number in (1, 3))
    for milestone in (one, three):
        allocate(milestone, actor=None)
    steps = {
        "one": lambda: (complete(one, actor=None), night(account, TODAY)),
        "three": lambda: (complete(three, actor=None), night(account, TODAY)),
        "refund": lambda: refunded(lot, 1) if Purchase.objects.get(pk=lot.pk).credits_available else None,
        "expire": lambda: night(account, TODAY + DAY),
    }
    for step in order:
        steps[step]()
    night(account, TODAY + DAY)
    lot.refresh_from_db()
    assert (lot.credits_released, lot.deferred, lot.deferred_lcy) == (7, 0, 0)
    assert "2400" not in trial_balance()
