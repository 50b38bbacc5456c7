import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from ledger.models import Currency, ProductPostingGroup
from opportunities.models import Opportunity, Product
from opportunities.services.lines import LineTerms
from opportunities.services.opportunities import OpportunityTerms, create_opportunity
from opportunities.services.products import create_product
from tests.builders import make_account, make_company, make_user

DAY = datetime.date(2026, 11, 2)


@pytest.fixture
def company(db):
    make_company()


@pytest.fixture
def account(company):
    return make_account()


@pytest.fixture
def sales(client, company):
    """A browser in which sales is signed in."""
    user = make_user("sofia")
    user.groups.add(Group.objects.get(name="sales"))
    client.force_login(user)
    return client


@pytest.fixture
def pack(company) -> Product:
    """1,000.00 USD for 7 credits."""
    return make_product()


def make_product(code: str = "CR-7", price: str = "1000", *, currency: str = "USD", credits: int | None = 7) -> Product:
    return create_product(
        code=code,
        name=f"Pack {code}",
        unit_price=Decimal(price),
        currency=Currency.objects.get(pk=currency),
        services_credits=credits,
        product_group=ProductPostingGroup.objects.get(pk="CREDITS"),
        actor=None,
    )


def make_line(product: Product, **changes: Any) -> LineTerms:
    terms = {"description": product.name, "quantity": Decimal(1), "unit_price": Decimal(1000), "services_credits": 7}
    return LineTerms(product=product, **(terms | changes))


def make_terms(account, **changes: Any) -> OpportunityTerms:
    terms = {"name": "Rollout", "currency": account.currency, "stage": "won", "closes_on": DAY}
    return OpportunityTerms(account=account, **(terms | changes))


def make_opportunity(account, *products: Product, **changes: Any) -> Opportunity:
    lines = [make_line(product) for product in products]
    return create_opportunity(make_terms(account, **changes), lines=lines, actor=None)


def posted_lines(*lines: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """What the browser sends for the lines of the form."""
    data: dict[str, Any] = {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": initial}
    for place, line in enumerate(lines):
        filled = {"quantity": "1", "discount_percent": "0"} | line
        data |= {f"lines-{place}-{name}": value for name, value in filled.items()}
    return data
