"""What is refused about opportunities and their lines, and what stays as it is."""

import dataclasses
from decimal import Decimal

import pytest
from django.db.models import ProtectedError

from config.demo.sales import buy
from ledger.models import Currency
from opportunities.exceptions import BadLine, LineBought, LineGone, OpportunityFixed
from opportunities.services.opportunities import create_opportunity, edit_opportunity
from opportunities.services.products import edit_product
from tests.builders import make_account
from tests.opportunities.conftest import DAY, make_line, make_opportunity, make_product, make_terms


@pytest.fixture
def opportunity(account, pack):
    return make_opportunity(account, pack)


@pytest.fixture
def bought(opportunity):
    buy(opportunity, actor=None, on=DAY)
    return opportunity


def stored(opportunity, **changes):
    """Its line as a person would send it back."""
    line = opportunity.lines.get()
    return dataclasses.replace(make_line(line.product), line=line.pk, **changes)


def test_numbers_come_from_the_series_and_pass_over_taken_ones(account):
    first = make_opportunity(account)
    first.number = "OPP-00002"
    first.save()
    assert make_opportunity(account).number == "OPP-00003"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"quantity": Decimal(0)}, "Line 1: 0 is not above zero."),
        ({"quantity": Decimal("0.00001")}, "Line 1: The quantity 0.00001 has more than 4 decimals."),
        ({"quantity": Decimal(10**11)}, "Line 1: The quantity 100000000000 has more than 11 digits before the point."),
        ({"discount_percent": Decimal("100.5")}, "Line 1: 100.5 % is not between 0 and 100."),
        ({"discount_percent": Decimal(-1)}, "Line 1: -1 % is not between 0 and 100."),
        ({"unit_price": Decimal(-1)}, "Line 1: The price -1 is below zero."),
        ({"unit_price": Decimal("0.001")}, "Line 1: The price 0.001 has more decimals than USD has: 2 decimals."),
        ({"unit_price": Decimal(10**16)}, "Line 1: The price 10000000000000000 has more than 18 digits."),
        ({"services_credits": 0}, "Line 1: 0 services credits: enter at least one, or leave it empty."),
        ({"services_credits": 10**18}, "Line 1: 1,000,000,000,000,000,000 services credits have more than 18 digits."),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_and_nothing_is_made(account, pack, changes, sentence):
    with pytest.raises(BadLine) as refused:
        create_opportunity(make_terms(account), lines=[make_line(pack, **changes)], actor=None)
    assert refused.value.message == sentence
    assert not account.opportunities.exists()


def test_the_largest_line_fits(account, pack):
    line = make_line(pack, quantity=Decimal("99999999999.9999"), unit_price=Decimal("9999999999999999.99"))
    opportunity = create_opportunity(make_terms(account), lines=[line], actor=None)
    assert opportunity.lines.get().total == Decimal("999999999999998999000000000.00")


def test_lines_are_changed_added_and_removed_and_priced_anew(opportunity, pack):
    added = make_line(pack, quantity=Decimal(2))
    edit_opportunity(
        opportunity,
        make_terms(opportunity.account),
        lines=[stored(opportunity, discount_percent=Decimal(10)), added],
        actor=None,
    )
    assert list(opportunity.lines.values_list("line_no", "total")) == [(1, Decimal(900)), (3, Decimal(2000))]
    edit_opportunity(opportunity, make_terms(opportunity.account), removed=[opportunity.lines.first().pk], actor=None)
    assert opportunity.lines.get().total == Decimal(2000)


def test_another_currency_prices_every_line_anew_or_refuses(opportunity):
    opportunity.lines.update(unit_price=Decimal("10.50"))
    yen = make_terms(opportunity.account, currency=Currency.objects.get(pk="JPY"))
    with pytest.raises(BadLine, match="has more decimals than JPY has: no decimals"):
        edit_opportunity(opportunity, yen, actor=None)
    opportunity.refresh_from_db()
    assert opportunity.currency_id == "USD"


def test_a_bought_line_may_come_back_as_it_is_while_the_rest_changes(bought, pack):
    lines = [stored(bought), make_line(pack)]
    edit_opportunity(bought, make_terms(bought.account, name="Renamed"), lines=lines, actor=None)
    assert (bought.lines.count(), type(bought).objects.get().name) == (2, "Renamed")


@pytest.mark.parametrize("change", [{"quantity": Decimal(2)}, {"services_credits": 8}, {"unit_price": Decimal(1)}])
def test_a_bought_line_does_not_change(bought, change):
    with pytest.raises(LineBought, match="was bought as SCP-000001, SCP-000002"):
        edit_opportunity(bought, make_terms(bought.account), lines=[stored(bought, **change)], actor=None)


def test_a_bought_line_is_not_removed(bought):
    with pytest.raises(LineBought):
        edit_opportunity(bought, make_terms(bought.account), removed=[bought.lines.get().pk], actor=None)
    with pytest.raises(ProtectedError):
        bought.lines.get().delete()


def test_account_and_currency_stay_once_a_line_was_bought(bought):
    with pytest.raises(OpportunityFixed, match="keeps its account: SCP-000001, SCP-000002 came from it"):
        edit_opportunity(bought, make_terms(make_account("Another")), actor=None)
    with pytest.raises(OpportunityFixed, match="keeps its currency"):
        edit_opportunity(bought, make_terms(bought.account, currency=Currency.objects.get(pk="EUR")), actor=None)


def test_a_line_that_is_gone_is_named(opportunity):
    line = stored(opportunity)
    opportunity.lines.all().delete()
    with pytest.raises(LineGone, match="Pack CR-7 was removed by somebody else"):
        edit_opportunity(opportunity, make_terms(opportunity.account), lines=[line], actor=None)


def test_a_product_that_changes_leaves_lines_and_purchases_alone(bought, pack):
    before = bought.lines.values().get(), list(bought.lines.get().purchases.order_by("pk").values())
    edit_product(
        pack, code="NEW", name="New", unit_price=Decimal(1), currency=pack.currency, services_credits=None,
        product_group=pack.product_group, actor=None,
    )  # fmt: skip
    assert (bought.lines.values().get(), list(bought.lines.get().purchases.order_by("pk").values())) == before


def test_a_product_in_another_currency_proposes_no_price(account):
    from opportunities.reports.line_proposal import propose_line

    product = make_product("CR-EUR", "900", currency="EUR")
    assert propose_line(product, quantity=Decimal(1), currency=account.currency).unit_price is None
    assert propose_line(product, quantity=Decimal(1), currency=product.currency).unit_price == Decimal(900)
