"""Contract analysis: what is invoiced, credited, released and still deferred per contract and month, against the journal."""

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from ledger.reports.groups import last_day
from ledger.reports.trial_balance import trial_balance
from prepaid.models import CreditScope, CustomerContract, ReleaseRun
from prepaid.reports.contract_analysis import contract_analysis, totals
from prepaid.services.contracts.release import undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid.contracting import D, agree, at, billed, nights
from tests.prepaid.desk import signed_in

pytestmark = pytest.mark.django_db
YEARLY: dict[str, Any] = {"quantity": "1", "base_period": "1Y", "rhythm": "1Y"}


def figures(row) -> tuple[str, ...]:
    """(opening, invoiced, credited, released, still deferred)"""
    told = (row.own.opening, row.own.invoiced, row.own.credited, row.own.released, row.own.deferred)
    return tuple(f"{amount:.2f}" for amount in told)


def credit(invoice, scope, day, finance):
    with at(day):
        memo = create_credit_memo(invoice, scope=scope, reason="Agreed", actor=finance)
        return post_document(memo, actor=finance)


def month_ends(first: int, last: int, *, late: datetime.date | None = None) -> None:
    """The nights on which parts are due; the first one, where it is late, on that day."""
    for month in range(first, last + 1):
        day = last_day(D(2026, month, 1))
        day, late = late or day, None
        nights(day, day)


@pytest.fixture
def year(account, finance):
    """Three contracts deferred over 2026: one that goes on, one of which what is not released is credited in June, one in
    euro of which everything is credited then. The release of 31 March was taken back and done again."""
    builders.make_rate("EUR", "1.1")
    abroad = builders.make_account(currency="EUR", name="Abroad")
    made = [
        agree(account, starts_on=D(2026, 1, 1), price="1200.00", actor=finance, **YEARLY),
        agree(account, starts_on=D(2026, 1, 1), price="1000.00", actor=finance, **YEARLY),
        agree(abroad, starts_on=D(2026, 1, 1), price="600.00", actor=finance, **YEARLY),
    ]
    with at(D(2026, 1, 1)):
        _, second, third = (billed(D(2026, 1, 1), commitment, actor=finance)[0] for commitment in made)
    month_ends(1, 3)
    with at(D(2026, 4, 2)):
        undo_release(ReleaseRun.objects.get(released_until=D(2026, 3, 31)), reason="Wrong day", actor=finance)
    month_ends(3, 5, late=D(2026, 4, 3))
    credit(second, CreditScope.FUTURE, D(2026, 6, 2), finance)
    credit(third, CreditScope.EVERYTHING, D(2026, 6, 2), finance)
    month_ends(6, 12)
    return [commitment.contract for commitment in made]


def stands(code: str, on: datetime.date) -> dict[str, tuple[Decimal, Decimal]]:
    """What the books have on an account at the end of a day, as a liability: per currency, and in LCY."""
    found = [each for each in trial_balance(on).accounts if each.code == code]
    parts = [part for each in found for part in each.currencies if part.own.balance or part.lcy.balance]
    return {part.currency.code: (-part.own.balance, -part.lcy.balance) for part in parts}


def test_the_months_of_a_contract_that_is_credited(year):
    going_on, future, everything = year
    rows = contract_analysis(D(2026, 1, 1), D(2026, 12, 31), contract=going_on)
    assert [figures(row) for row in rows][:3] == [
        ("0.00", "1200.00", "0.00", "100.00", "1100.00"),
        ("1100.00", "0.00", "0.00", "100.00", "1000.00"),
        ("1000.00", "0.00", "0.00", "100.00", "900.00"),
    ]
    # March was taken back on 2 April, effective on the same day as its release, and released again.
    assert figures(rows[-1]) == ("100.00", "0.00", "0.00", "100.00", "0.00")
    rows = contract_analysis(D(2026, 5, 1), D(2026, 12, 31), contract=future)
    assert [figures(row) for row in rows] == [
        ("666.67", "0.00", "0.00", "83.34", "583.33"),
        ("583.33", "0.00", "583.33", "0.00", "0.00"),
    ]
    rows = contract_analysis(D(2026, 6, 1), D(2026, 12, 31), contract=everything)
    assert [figures(row) for row in rows] == [("350.00", "0.00", "600.00", "-250.00", "0.00")]
    assert rows[0].lcy.credited == Decimal("660.00") and rows[0].currency.code == "EUR"


def test_the_analysis_is_what_stands_on_the_accounts_each_month(year):
    """Still deferred is the deferral account, and what was released so far the revenue account, by posting date."""
    for month in range(1, 13):
        end = last_day(D(2026, month, 1))
        found = {each.currency.code: each for each in totals(contract_analysis(D(2026, 1, 1), end))}
        deferred = {code: (each.own.deferred, each.lcy.deferred) for code, each in found.items() if each.own.deferred}
        released = {code: (each.own.released, each.lcy.released) for code, each in found.items() if each.own.released}
        assert deferred == stands("2420", end), end
        assert released == stands("4020", end), end
        for each in found.values():
            for side in (each.own, each.lcy):
                assert side.opening + side.invoiced - side.credited - side.released == side.deferred


def test_narrowed_by_account_and_currency(year):
    abroad = year[2]
    every = contract_analysis(D(2026, 1, 1), D(2026, 12, 31))
    assert [row for row in every if row.contract == abroad] == contract_analysis(
        D(2026, 1, 1), D(2026, 12, 31), account=abroad.account
    )
    assert {row.contract for row in contract_analysis(D(2026, 1, 1), D(2026, 12, 31), currency=abroad.currency)} == {
        abroad
    }


def test_as_many_queries_for_many_contracts_as_for_one(year, account, finance, django_assert_num_queries):
    with django_assert_num_queries(3):
        contract_analysis(D(2026, 1, 1), D(2026, 12, 31), contract=year[0])
    with django_assert_num_queries(3):
        contract_analysis(D(2026, 1, 1), D(2026, 12, 31))


def test_the_page_and_its_file_say_the_same(year):
    client = signed_in("viewer")
    url = reverse("prepaid:contract-analysis")
    asked = {"first": "2026-01-01", "last": "2026-12-31"}
    page = client.get(url, asked)
    text = page.content.decode()
    assert page.status_code == 200 and year[0].number in text and "USD\u00a01,100.00" in text
    assert f"{reverse('ledger:journal')}?search={year[1].number}&amp;posting_date_after=2026-06-01" in text
    rows = list(csv.DictReader(io.StringIO(client.get(url, {**asked, "export": "csv"}).getvalue().decode())))
    june = next(row for row in rows if row["Contract"] == year[1].number and row["Month"] == "2026-06-01")
    assert (june["Credited"], june["Still deferred"], june["Still deferred (LCY)"]) == ("583.33", "0.00", "0.00")
    narrowed = client.get(url, {**asked, "contract": year[2].number.lower()})
    assert {row.contract for row in narrowed.context["report"]} == {year[2]}


def test_the_figures_lead_to_the_entries_behind_them(year):
    client = signed_in("viewer")
    page = client.get(reverse("prepaid:contract-analysis"), {"first": "2026-06-01", "last": "2026-06-30"})
    line = next(line for line in page.context["rows"] if line["contract"] == year[1])
    credited = client.get(line["cells"][2].url)
    assert [entry.kind for entry in credited.context["object_list"]] == ["sales_credit_memo"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"contract": "CC-999"}, "There is no contract CC-999."),
        ({"account": "A-999"}, "There is no account A-999."),
        ({"first": "2026-05-01", "last": "2026-01-01"}, "is before"),
        ({"first": "2000-01-01", "last": "2026-01-01"}, "At most 60 months"),
    ],
)
def test_what_cannot_be_asked_gets_its_sentence(company, asked, said):
    page = signed_in("viewer").get(reverse("prepaid:contract-analysis"), asked)
    assert page.status_code == 200 and said in page.content.decode()


def test_nothing_deferred_is_said(company):
    page = signed_in("viewer").get(reverse("prepaid:contract-analysis"))
    assert "first posted contract invoice" in page.content.decode()
    assert not CustomerContract.objects.exists()
