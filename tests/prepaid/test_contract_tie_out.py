"""Contract deferrals tied out: sold = consumed + refunded + remaining, in units and both currencies, by any day."""

from decimal import Decimal

import pytest
from django.db import connection

from ledger.services.periods import close_period
from ledger.tie_outs import check_books, check_for_closing, tie_outs
from prepaid.reports.contract_tie_out import tie_out
from prepaid.reports.tie_out import tie_out as prepaid_tie_out
from prepaid.services.contracts.release import release_deferrals, undo_release
from tests.builders import make_period
from tests.prepaid.contract_events import contracts, parts
from tests.prepaid.contracting import D, agree, at, billed
from tests.prepaid.test_tie_out import figures

pytestmark = pytest.mark.django_db
DOLLARS, POUNDS = ("2420", "CONTRACTS", "USD"), ("2420", "CONTRACTS", "GBP")


def told(on) -> dict[tuple, tuple]:
    """{(account, product group, currency): (units, own, LCY, books, books in LCY)}; all of them agree."""
    rows = tie_out(on)
    assert all(row.agrees for row in rows)
    return {
        (row.account, row.product_group, row.currency.code): (
            figures(row.units), figures(row.own), figures(row.lcy), row.books, row.books_lcy,
        )
        for row in rows
    }  # fmt: skip


@pytest.fixture
def made(company, finance):
    return contracts(actor=finance)


def test_of_a_quarter_in_units_and_both_currencies_by_two_questions(made, django_assert_num_queries):
    """2,200.02 billed in dollars: 250.00 of the year are released, 200.00 of what is credited as a whole, and 0.03 of the
    cents, which credit memos leave as it is; 700.00 were credited before they were released, and 0.01 was taken too much.
    Of the pounds 47.22 and 81.95 were released."""
    assert parts(made.quarter) == [Decimal(text) for text in ("47.22", "81.95", "81.94", "38.89")]
    with django_assert_num_queries(2):
        rows = told(D(2026, 4, 2))
    dollars = ("2200.02", "450.03", "0", "699.99", "1050")
    pounds = ("250", "129.17", "0", "120.83", "0")
    assert rows == {
        DOLLARS: (dollars, dollars, dollars, Decimal(1050), Decimal(1050)),
        POUNDS: (pounds, pounds, ("317.78", "164.19", "0", "153.59", "0"), 0, 0),
    }


def test_an_earlier_day_leaves_out_what_came_after_it(made):
    assert told(D(2026, 1, 1)) == {}
    january = ("1600.02", "183.34", "0", "0", "1416.68")
    assert told(D(2026, 1, 31))[DOLLARS][:2] == (january, january)
    assert told(D(2026, 3, 4))[DOLLARS][0] == ("1600.02", "366.69", "0", "0", "1233.33")
    assert told(D(2026, 3, 4))[POUNDS][0] == ("250", "129.17", "0", "0", "120.83")
    # 300.00 of April are deferred from the day of its invoice.
    assert told(D(2026, 3, 10))[DOLLARS][0] == ("2200.02", "366.69", "0", "400", "1433.33")


def test_what_a_contract_tops_up_counts_from_the_first_day_of_its_period(made):
    """Without money behind it, it has units alone; the credit memo took on 1 April what came on that day."""

    def units(on):
        return {row.sub_ledger: figures(row.units) for row in prepaid_tie_out(on) if row.agrees}

    assert units(D(2026, 3, 31))["Prepaid services, amounts"] == ("1000", "400", "0", "0", "600")
    assert units(D(2026, 4, 2))["Prepaid services, amounts"] == ("1600", "400", "0", "300", "900")
    assert units(D(2026, 4, 2))["Prepaid services, quantities"] == ("11", "0", "0", "4.8332", "6.1668")


def test_a_release_that_a_closed_period_moved_counts_on_the_day_the_books_took_it(account, finance):
    commitment = agree(
        account, starts_on=D(2026, 9, 1), price="300.00", quantity="1", base_period="1Q", rhythm="1Q", actor=finance
    )
    with at(D(2026, 11, 2)):
        billed(D(2026, 9, 1), commitment, actor=finance)
        close_period(make_period(), actor=finance)
        run = release_deferrals(actor=finance).run
    assert told(D(2026, 10, 31))[DOLLARS][0] == ("300", "0", "0", "0", "300")
    assert told(D(2026, 11, 1))[DOLLARS][0] == ("300", "200", "0", "0", "100")
    with at(D(2026, 11, 3)):
        undo_release(run, reason="Wrong", actor=finance)
    assert told(D(2026, 11, 1))[DOLLARS][0] == ("300", "0", "0", "0", "300")


def test_a_run_that_is_taken_back_after_a_credit_memo_leaves_what_that_closed(made, finance):
    """The first part of the pounds waits again, though the others are credited; that of the half year stays credited."""
    (run,) = {part.run for part in made.quarter.lines.filter(line_no=1)}
    with at(D(2026, 4, 3)):
        assert undo_release(run, reason="Wrong", actor=finance) == 2
        assert [check.name for check in check_books() if check.offenders] == []
        assert told(D(2026, 4, 3))[POUNDS][0] == ("250", "81.95", "0", "120.83", "47.22")
        release_deferrals(actor=finance)
        assert [check.name for check in check_books() if check.offenders] == []
    assert told(D(2026, 4, 3))[POUNDS][0] == ("250", "129.17", "0", "120.83", "0")


def test_a_period_closes_over_contracts(made):
    assert [check.name for check in check_for_closing(D(2026, 3, 31)) if check.offenders] == []


def test_the_figures_lead_to_their_rows(made, client, finance):
    finance.is_superuser = True
    finance.save()
    client.force_login(finance)
    dollars = next(row for row in tie_out(D(2026, 4, 2)) if row.currency.code == "USD")
    found = {name: client.get(url).context["object_list"] for name, url in dollars.urls.items()}
    assert {each.currency_id for each in found["lots"]} == {"USD"}
    assert len(found["lots"]) == 5
    assert {entry.kind for entry in found["consumed"]} == {"contract_release"}
    assert len(found["sold"]) == 5 and len(found["refunded"]) == 3 and found["books"]


def test_what_was_changed_behind_the_triggers_is_a_difference(made):
    """A part that somebody released without the books."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE prepaid_deferralline SET run_id = %s WHERE deferral_id = %s AND line_no = 12",
            [made.undone.pk, made.year.pk],
        )
    (row,) = (row for row in tie_outs(D(2026, 4, 2)) if not row.agrees)
    assert (row.sub_ledger, row.units.difference, row.own.difference, row.difference) == (
        "Contract deferrals", Decimal("83.33"), Decimal("83.33"), Decimal("-83.33"),
    )  # fmt: skip
