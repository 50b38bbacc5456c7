"""An account with credits in every place where they can be."""

import datetime

import pytest

from credits.services.allocate import adjust, allocate
from credits.services.expire import expire_purchase
from tests.builders import make_account, make_milestone, make_purchase, make_rate

TODAY = datetime.date(2026, 11, 24)


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


@pytest.fixture
def lots(account, project, sam):
    """Credits in every place: 23 bought in GBP; in USD 10 each available, not started, past expiry, soon and expired."""
    make_rate("GBP", "1.2711")
    make_purchase(account, currency="GBP", amount_paid_per_credit="50", number_of_credits=23)
    lots = {
        "available": make_purchase(account, expires_on=days(200)),
        "not started": make_purchase(account, starts_on=days(1), expires_on=days(300)),
        "past": make_purchase(account, expires_on=days(-1)),
        "soon": make_purchase(account, starts_on=TODAY, expires_on=days(30)),
        "later": make_purchase(account, starts_on=days(40), expires_on=days(90), amount_paid_per_credit="0"),
        "expired": make_purchase(account, expires_on=days(-1)),
        "draft": make_purchase(account, draft=True),
    }
    expire_purchase(lots["expired"], actor=sam)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)  # from the lot that expires soon
    adjust(milestone, total=3, actor=sam)
    make_purchase(make_account("Another"))
    return lots
