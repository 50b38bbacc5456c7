"""Lists need as many queries for a hundred rows as for one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from opportunities.services.projects import create_project
from tests.builders import make_account
from tests.opportunities.conftest import make_opportunity, make_product

LISTS = ("account-list", "product-list", "opportunity-list", "project-list")


def add_rows(first: int, last: int) -> None:
    for number in range(first, last):
        account = make_account(f"Account {number}")
        product = make_product(f"CR-{number}")
        make_opportunity(account, product, product)
        create_project(name=f"Project {number}", account=account, currency=account.currency, actor=None)


def queries(client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_queries_do_not_grow_with_the_rows(sales):
    counts: dict[str, set[int]] = {name: set() for name in LISTS}
    for first, last in ((0, 1), (1, 10), (10, 100)):
        add_rows(first, last)
        for name in LISTS:
            counts[name].add(queries(sales, reverse(f"opportunities:{name}")))
    assert all(len(numbers) == 1 and max(numbers) <= 10 for numbers in counts.values()), counts


def test_the_account_page_needs_as_many_for_many(sales):
    account = make_account()
    path = account.get_absolute_url()
    product = make_product()
    make_opportunity(account, product)
    one = queries(sales, path)
    for _ in range(8):
        make_opportunity(account, product)
    assert queries(sales, path) == one


def test_totals_stand_above_the_opportunities(sales, account, pack):
    make_opportunity(account, pack, pack)
    page = sales.get(reverse("opportunities:opportunity-list")).content.decode().replace("\u00a0", " ")
    assert "USD 2,000.00" in page


@pytest.mark.parametrize("name", LISTS)
def test_every_list_exports(sales, account, name):
    make_opportunity(account, make_product())
    for export in ("csv", "xlsx"):
        assert sales.get(reverse(f"opportunities:{name}"), {"export": export}).status_code == 200


def test_products_are_found_by_whether_they_carry_credits(sales):
    make_product("WITH"), make_product("WITHOUT", credits=None)
    page = sales.get(reverse("opportunities:product-list"), {"credits": "without"})
    assert [product.code for product in page.context["table"].data.data] == ["WITHOUT"]
