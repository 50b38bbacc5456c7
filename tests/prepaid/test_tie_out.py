"""Prepaid services tied out: sold = consumed + expired + refunded + remaining, in units and both currencies, by any day."""

from decimal import Decimal

import pytest
from django.db import connection

from ledger.models import AccountingPeriod, Currency
from ledger.services.periods import close_period
from ledger.services.posting import pair, post
from ledger.tie_outs import OWN_CHECKS, tie_outs
from prepaid.reports.tie_out import tie_out
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_period, make_purchase, make_user
from tests.prepaid.selling import top_up, usage
from tests.prepaid.year import D, a_year, at

pytestmark = pytest.mark.django_db


def figures(flow) -> tuple[str, ...]:
    amounts = (flow.sold, flow.consumed, flow.expired, flow.refunded, flow.remaining)
    return tuple(f"{amount.normalize():f}" if amount else "0" for amount in map(Decimal, amounts))


def told(on) -> dict[tuple, tuple]:
    """{(sub-ledger, account, product group, currency): (units, own, LCY, books, books in LCY)}; all of them agree."""
    rows = tie_out(on)
    assert all(row.agrees for row in rows)
    return {
        (row.sub_ledger, row.account, row.product_group, row.currency.code): (
            figures(row.units), figures(row.own), figures(row.lcy), row.books, row.books_lcy,
        )
        for row in rows
    }  # fmt: skip


@pytest.fixture
def year(company):
    return a_year(actor=make_user("finance"), second=make_user("controller"))


DOLLARS, POUNDS = ("Prepaid services", "2410", "PREPAID-DEF", "USD"), ("Prepaid services", "2410", "PREPAID-DEF", "GBP")
HOURS = ("Prepaid services, quantities", "", "", "USD")
NOTHING = ("0",) * 5


def test_of_a_year_in_units_and_both_currencies_by_two_questions(year, django_assert_num_queries):
    """5,000.00 and 300.00 sold, 1,650.00 granted by hand; 4,999.99 and 100.00 used of it, 1,234.56 of that given back and
    taken back with the top-up; 25.00 taken out by hand; the rest of the lapsing service expired."""
    dollars = ("6950", "3865.44", "200", "1259.56", "1625")
    pounds = ("250", "200", "0", "0", "50")
    with django_assert_num_queries(2):
        rows = told(D(2026, 12, 31))
    assert rows == {
        HOURS: (("10", "2.5", "0", "0", "7.5"), NOTHING, NOTHING, 0, 0),
        POUNDS: (pounds, pounds, ("317.78", "254.22", "0", "0", "63.56"), Decimal(50), Decimal("63.56")),
        DOLLARS: (dollars, dollars, dollars, Decimal(1625), Decimal(1625)),
    }


def test_an_earlier_day_leaves_out_what_came_after_it(year):
    assert told(D(2026, 9, 30)) == {}
    october = ("5300", "1334.56", "0", "0", "3965.44")
    rows = told(D(2026, 10, 31))
    assert rows[DOLLARS] == (october, october, october, Decimal("3965.44"), Decimal("3965.44"))
    assert rows[HOURS][0] == ("10", "4", "0", "0", "6")
    november = ("5300", "5100", "200", "0", "0")
    assert told(D(2026, 11, 2))[DOLLARS][:2] == (november, november)


def test_what_a_closed_period_moved_counts_on_the_day_the_books_took_it(account, finance, service):
    with at(11, 2):
        top_up(service, "500.00", on=D(2026, 11, 2), actor=finance)
        used = usage(service, "100.00", on=D(2026, 10, 30), actor=finance)
        top_up(service, "80.00", on=D(2026, 10, 30), actor=finance)
        close_period(make_period(), actor=finance)
        assert AccountingPeriod.objects.closed().count() == 1
        post_document(used, actor=finance)
    assert told(D(2026, 10, 31))[DOLLARS][0] == ("80", "0", "0", "0", "80")
    assert told(D(2026, 11, 30))[DOLLARS][0] == ("580", "80", "0", "0", "500")


def test_lots_of_two_sub_ledgers_on_one_account_do_not_see_each_other(year):
    """Where the setup puts both on one account, each ties out its own lots, and nothing falls between them."""
    make_purchase(make_account())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_journalline SET account_id = '2400' WHERE account_id = '2410'")
        cursor.execute(
            "UPDATE prepaid_prepaidentry SET deferral_account_id = '2400' WHERE deferral_account_id = '2410'"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    rows = tie_outs(D(2026, 12, 31))
    assert all(row.agrees for row in rows)
    books = {(row.sub_ledger, row.currency.code): row.books for row in rows if row.account == "2400"}
    assert books == {
        ("Services credits", "USD"): 800, ("Prepaid services", "USD"): 1625, ("Prepaid services", "GBP"): 50,
    }  # fmt: skip


def test_a_line_that_is_nobodys_lot_is_named_and_shown(year):
    lines = pair("1100", "2410", amount=Decimal(7), amount_lcy=Decimal(7), lot="parcel:1", product_group="PREPAID-DEF")
    post(
        event_key="stray:1", kind="test", effective_on=D(2026, 11, 3), currency=Currency.objects.get(pk="USD"),
        description="Stray", lines=lines,
    )  # fmt: skip
    (found,) = OWN_CHECKS["deferral accounts hold lots of sub-ledgers"]()
    assert (found.subject, found.detail) == ("stray:1", "line 2: 7.000 USD on account 2410 for lot parcel:1")
    (row,) = (row for row in tie_outs(D(2026, 12, 31)) if not row.agrees)
    assert (row.sub_ledger, row.books, row.difference) == ("No sub-ledger", 7, -7)


def test_what_was_changed_behind_the_triggers_is_a_difference(year):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE prepaid_inflowbalance SET remaining = 40, remaining_lcy = 50 WHERE remaining = 50")
    (row,) = (row for row in tie_out(D(2026, 12, 31)) if not row.agrees)
    assert (row.units.difference, row.own.difference, row.difference, row.difference_lcy) == (
        10, 10, -10, Decimal("-13.56"),
    )  # fmt: skip
