"""The form with its lines, as the browser sends it."""

from decimal import Decimal

import pytest
from django.urls import reverse

from config.demo.sales import buy
from opportunities.models import Opportunity
from tests.opportunities.conftest import DAY, make_opportunity, make_product, posted_lines

CREATE = "opportunities:opportunity-create"
LINES = "opportunities:opportunity-lines"


@pytest.fixture
def head(account):
    return {"name": "Rollout", "account": account.number, "currency": "", "stage": "open", "closes_on": "2026-11-30"}


def problems(response) -> list[str]:
    return [f"{label}: {error}" for _, label, error in response.context["form"].problems()]


def test_a_product_fills_what_was_left_empty(sales, head, pack):
    sales.post(reverse(CREATE), head | posted_lines({"product": pack.pk, "quantity": "2"}, {}))
    line = Opportunity.objects.get().lines.get()
    assert (line.description, line.unit_price, line.services_credits, line.total) == ("Pack CR-7", 1000, 14, 2000)


def test_what_was_typed_stays_typed(sales, head, pack):
    typed = {"product": pack.pk, "description": "Mine", "unit_price": "900", "services_credits": "5"}
    sales.post(reverse(CREATE), head | posted_lines(typed))
    line = Opportunity.objects.get().lines.get()
    assert (line.description, line.unit_price, line.services_credits) == ("Mine", 900, 5)


def test_credits_that_were_proposed_and_taken_out_stay_out(sales, head, pack):
    line = {"product": pack.pk, "filled": f"{pack.pk}:7", "description": "A", "unit_price": "1", "services_credits": ""}
    sales.post(reverse(CREATE), head | posted_lines(line))
    assert Opportunity.objects.get().lines.get().services_credits is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"quantity": "0"}, "Line 1, quantity: 0 is not above zero."),
        ({"discount_percent": "101"}, "Line 1, discount %: 101 % is not between 0 and 100."),
        ({"unit_price": "1.005"}, "Line 1, unit price: The price 1.005 has more decimals than USD has: 2 decimals."),
        ({"unit_price": "=1+1"}, "Line 1, unit price: Enter a number."),
        ({"services_credits": "0"}, "Line 1, credits: 0 services credits: enter at least one, or leave it empty."),
        ({"services_credits": "1.5"}, "Line 1, credits: Enter a whole number."),
        ({"product": "999999"}, "Line 1, product: Select a valid choice. 999999 is not one of the available choices."),
        ({"quantity": "NaN"}, "Line 1, quantity: Enter a number."),
    ],
)
def test_each_refusal_stands_at_its_field_and_nothing_is_saved(sales, head, pack, line, problem):
    response = sales.post(reverse(CREATE), head | posted_lines({"product": pack.pk} | line))
    assert problems(response) == [problem]
    assert not Opportunity.objects.exists()


def test_a_product_of_another_currency_asks_for_the_price(sales, head):
    euro = make_product("CR-EUR", currency="EUR")
    response = sales.post(reverse(CREATE), head | posted_lines({"product": euro.pk}))
    assert problems(response) == ["Line 1, unit price: CR-EUR is priced in EUR. Enter its price in USD."]


def test_the_form_comes_back_unchanged_as_it_was(sales, account, pack):
    opportunity = make_opportunity(account, pack)
    path = reverse("opportunities:opportunity-edit", args=[opportunity.pk])
    before = opportunity.lines.values().get()
    form = sales.get(path).context["form"]
    line = {name: value for name, value in form.lines.forms[0].initial.items() if value is not None}
    head = {name: form[name].value() for name in (*form.fields,)}
    assert sales.post(path, head | posted_lines(line, {}, initial=1)).status_code == 302
    assert opportunity.lines.values().get() == before


def test_bought_lines_are_shown_as_text_with_the_reason(sales, account, pack):
    opportunity = make_opportunity(account, pack)
    buy(opportunity, actor=None, on=DAY)
    page = sales.get(reverse("opportunities:opportunity-edit", args=[opportunity.pk]))
    assert "Fixed: bought as SCP-000001, SCP-000002" in page.content.decode()
    assert set(page.context["form"].locked) == {"account", "currency"}
    assert page.context["form"].lines.initial == []


def test_the_page_asks_for_proposals_and_totals(sales, head, pack):
    answer = sales.post(reverse(LINES), head | posted_lines({"product": pack.pk, "quantity": "3"})).content.decode()
    assert "USD 3,000.00" in answer.replace("\u00a0", " ")
    assert 'value="21"' in answer


def test_credits_follow_the_quantity_until_somebody_types_others(sales, head, pack):
    """Opportunity, credits on a line: credits of the product x quantity, editable."""
    line = {"product": pack.pk, "filled": f"{pack.pk}:7", "description": "A", "unit_price": "1", "quantity": "3"}
    followed = sales.post(reverse(LINES), head | posted_lines(line | {"services_credits": "7"})).content.decode()
    typed = sales.post(reverse(LINES), head | posted_lines(line | {"services_credits": "5"})).content.decode()
    assert ('value="21"' in followed, 'value="21"' in typed, 'value="5"' in typed) == (True, False, True)


def test_asking_writes_nothing_and_bears_nonsense(sales, pack):
    assert sales.post(reverse(LINES), {}).status_code == 204
    for line in ({"product": "x", "quantity": "y"}, {"product": pack.pk, "filled": pack.pk}, {"filled": ":::"}):
        assert sales.post(reverse(LINES), posted_lines(line)).status_code == 200
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("unit_price", "1.5"), ("unit_price", "-1"), ("services_credits", "0")])
def test_a_product_refuses_what_its_currency_cannot_express(sales, field, value):
    data = {"code": "X", "name": "X", "unit_price": "1", "currency": "JPY", "product_group": "CREDITS"}
    sold = {"commitment_option": "sales_without"}
    response = sales.post(reverse("opportunities:product-create"), data | sold | {field: value})
    assert list(response.context["form"].errors) == [field]


def test_a_code_belongs_to_one_product(sales, pack):
    data = {"code": pack.code, "name": "X", "unit_price": "1", "currency": "USD", "product_group": "CREDITS"}
    response = sales.post(reverse("opportunities:product-create"), data)
    assert response.context["form"].errors["code"] == [
        "This code belongs to another product. Choose a code that is free."
    ]
    assert pack.unit_price == Decimal(1000)
