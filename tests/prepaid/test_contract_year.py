"""A year of a contract on one page: what happened, with the balance and what is still deferred after each event."""

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from ledger.reports.groups import last_day
from ledger.reports.trial_balance import trial_balance
from prepaid.actions.services import entries_url
from prepaid.models import CreditScope, PrepaidSetup, ReleaseRun
from prepaid.reports import contract_year as told
from prepaid.reports.contract_year import contract_year
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.contracts.prices import Price, set_price
from prepaid.services.contracts.release import undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.post_document import post_document
from tests.prepaid.contracting import D, agree, at, billed, make_budget, make_hours, nights
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_document, make_product

pytestmark = pytest.mark.django_db


def use(service, hours: str, on: datetime.date, *, actor) -> None:
    terms = LineTerms(
        product=make_product("WORK"), quantity=Decimal(hours), unit_of_measure="HOUR", unit_price=Decimal(100),
        prepaid_service=service,
    )  # fmt: skip
    with at(on):
        post_document(make_document(service.account, terms, on=on, actor=actor), actor=actor)


@pytest.fixture
def hours(account, finance):
    """8 hours a month at 125.00 from January, 130.00 from March; unused ones last to the end of the next month. 5 are used in
    January; the release of February is taken back and done again; cancelled in April to the end of that month."""
    PrepaidSetup.objects.update(automatic_billing="post")
    service = make_hours(account, "1M+CM", actor=finance)
    commitment = agree(account, starts_on=D(2026, 1, 1), service=service, actor=finance)
    with at(D(2026, 1, 1)):
        set_price(commitment, Price(price=Decimal("130.00"), quantity=Decimal(8)), from_on=D(2026, 3, 1), actor=finance)
    nights(D(2026, 1, 1), D(2026, 1, 1))
    use(service, "5", D(2026, 1, 20), actor=finance)
    for day in (D(2026, 1, 31), D(2026, 2, 1), D(2026, 2, 28)):
        nights(day, day)
    with at(D(2026, 2, 28)):
        undo_release(ReleaseRun.objects.get(released_until=D(2026, 2, 28)), reason="Too early", actor=finance)
    for day in (D(2026, 3, 1), D(2026, 3, 31), D(2026, 4, 1)):
        nights(day, day)
    with at(D(2026, 4, 15)):
        cancel(commitment, ends_on=D(2026, 4, 30), notice_on=D(2026, 4, 15), reason="Agreed", actor=finance)
    for day in (D(2026, 4, 30), D(2026, 5, 1), D(2026, 6, 1)):
        nights(day, day)
    return commitment.contract


def test_a_year_of_hours(hours):
    year = contract_year(hours, D(2026, 1, 1))
    rows = [
        (event.day, event.what, event.amount, int(event.units), int(event.balance), event.deferred)
        for event in year.events
        if event.day <= D(2026, 3, 1)
    ]
    expected = [
        (D(2026, 1, 1), told.START, None, 0, 0, 0),
        (D(2026, 1, 1), told.INVOICE, 1000, 0, 0, 1000),
        (D(2026, 1, 1), told.TOP_UP, None, 8, 8, 1000),
        (D(2026, 1, 20), told.USAGE, None, -5, 3, 1000),
        (D(2026, 1, 31), told.RELEASE, 1000, 0, 0, 0),
        (D(2026, 2, 1), told.INVOICE, 1000, 0, 0, 1000),
        (D(2026, 2, 1), told.TOP_UP, None, 8, 11, 1000),
        (D(2026, 2, 28), told.RELEASE, 1000, 0, 0, 0),
        (D(2026, 2, 28), told.UNDONE, -1000, 0, 0, 1000),
        (D(2026, 2, 28), told.RELEASE, 1000, 0, 0, 0),  # by the next night, on the day on which it was due
        (D(2026, 3, 1), told.PRICE, None, 0, 0, 0),
        (D(2026, 3, 1), told.INVOICE, 1040, 0, 0, 1040),
        (D(2026, 3, 1), told.TOP_UP, None, 8, 19, 1040),
        (D(2026, 3, 1), told.LAPSE, None, -3, 16, 1040),
    ]
    assert rows == expected
    assert year.amount(told.INVOICE) == Decimal("4080.00") == year.amount(told.RELEASE, told.UNDONE)
    assert [int(event.units) for event in year.of(told.LAPSE)] == [-3, -8, -8, -8]
    assert [(event.day, event.text) for event in year.of(told.PRICE, told.CANCELLED, told.END)] == [
        (D(2026, 3, 1), "Support: 8 × USD\u00a0130.00"),
        (D(2026, 4, 15), "Support, ends on 30 Apr 2026"),
        (D(2026, 4, 30), "Support"),
    ]
    assert (year.opening, year.closing, int(year.balances[0][2])) == (0, 0, 0)


def test_still_deferred_is_what_the_account_has_at_the_end_of_each_month(hours):
    year = contract_year(hours, D(2026, 1, 1))
    for month in range(1, 13):
        end = last_day(D(2026, month, 1))
        found = [each for each in trial_balance(end).accounts if each.code == "2420"]
        assert year.deferred_on(end) == -sum((each.lcy.balance for each in found), Decimal(0)), end


@pytest.fixture
def two(account, finance):
    """A yearly budget of 1,000.00 from July, and 8 hours a month from July, in one contract."""
    budget, hours = make_budget(account, actor=finance), make_hours(account, actor=finance)
    yearly: dict[str, Any] = {"price": "1000.00", "quantity": "1", "base_period": "1Y", "rhythm": "1Y"}
    first = agree(account, starts_on=D(2026, 7, 1), service=budget, actor=finance, **yearly)
    second = agree(account, starts_on=D(2026, 7, 1), service=hours, contract=first.contract, actor=finance)
    with at(D(2026, 7, 1)):
        billed(D(2026, 7, 1), first, second, actor=finance)
    for month in range(7, 13):
        day = last_day(D(2026, month, 1))
        nights(day, day)
    return first, second


def test_one_commitment_of_two(two):
    first, second = two
    every = contract_year(first.contract, D(2026, 1, 1))
    one = contract_year(first.contract, D(2026, 1, 1), first)
    assert every.amount(told.INVOICE) == Decimal(2000) and len(every.balances) == 2
    assert one.amount(told.INVOICE) == Decimal(1000) and [each[0] for each in one.balances] == [first.prepaid_service]
    assert one.closing == every.closing == Decimal(500)
    assert {event.what for event in one.events} == {told.START, told.INVOICE, told.TOP_UP, told.RELEASE}
    assert contract_year(first.contract, D(2026, 1, 1), second).closing == 0


def test_the_next_year_opens_with_what_the_last_one_closed_with(two, finance):
    first, _ = two
    for month in range(1, 3):
        day = last_day(D(2027, month, 1))
        nights(day, day)
    before, year = (contract_year(first.contract, D(number, 1, 1), first) for number in (2026, 2027))
    assert year.opening == before.closing > 0
    assert year.balances[0][1] == before.balances[0][2]
    invoice = first.billed_periods.get().line.document
    with at(D(2027, 3, 1)):
        memo = create_credit_memo(invoice, scope=CreditScope.EVERYTHING, reason="Wrong", actor=finance)
        post_document(memo, actor=finance)
    year = contract_year(first.contract, D(2027, 1, 1), first)
    assert (year.amount(told.CREDIT), year.closing) == (Decimal(-1000), 0)
    assert [event.units for event in year.of(told.BACK)] == [-1000]


def test_as_many_queries_for_a_full_year_as_for_a_short_one(hours, two, django_assert_max_num_queries):
    for contract in (hours, two[0].contract):
        with django_assert_max_num_queries(9):
            contract_year(contract, D(2026, 1, 1))


def test_the_page_has_a_timeline_a_table_and_the_other_years(hours):
    client = signed_in("viewer")
    page = client.get(reverse("prepaid:contract-year", args=[hours.pk]))
    text = page.content.decode()
    assert "Invoices, 4: USD\u00a04,080.00" in text and "Usage, 1: \u22125\u00a0HOUR" in text
    assert text.count('class="chart-bar"') == len(page.context["report"].events)
    assert '<a class="btn btn-sm btn-link" href="?year=2025">2025</a>' in text
    invoice = page.context["report"].of(told.INVOICE)[0].source
    assert f'<a href="{invoice.get_absolute_url()}">{invoice.posted_number}</a>' in text
    assert "export=csv" in text and "export=pdf" not in text
    nothing = client.get(reverse("prepaid:contract-year", args=[hours.pk]), {"year": 2025})
    assert "Nothing happened" in nothing.content.decode()
    wrong = client.get(reverse("prepaid:contract-year", args=[hours.pk]), {"year": 12})
    assert "Years begin with 1900." in wrong.content.decode()


def test_one_commitment_is_chosen_on_the_page_and_kept_when_the_year_changes(two):
    first, _ = two
    client = signed_in("viewer")
    url = reverse("prepaid:contract-year", args=[first.contract_id])
    page = client.get(url, {"commitment": first.pk})
    assert page.context["report"].amount(told.INVOICE) == 1000
    assert page.context["years"][1] == (2027, f"?year=2027&commitment={first.pk}")
    assert "Select a valid choice" in client.get(url, {"commitment": 0}).content.decode()


def test_the_file_has_each_event(hours):
    client = signed_in("viewer")
    answer = client.get(reverse("prepaid:contract-year", args=[hours.pk]), {"export": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(rows) == len(contract_year(hours, D(2026, 1, 1)).events)
    usage = next(row for row in rows if row["Event"] == told.USAGE)
    assert (Decimal(usage["In or out"]), usage["Unit"], Decimal(usage["Balance"])) == (-5, "HOUR", 3)


def test_it_is_found_from_the_contract_and_by_the_search(two):
    contract = two[0].contract
    client = signed_in("viewer")
    url = reverse("prepaid:contract-year", args=[contract.pk])
    analysis = f"{reverse('prepaid:contract-analysis')}?contract={contract.number}"
    page = client.get(contract.get_absolute_url()).content.decode()
    assert url in page and analysis in page
    for text in (f"year of {contract.number}", "contract analysis"):
        assert f'href="{url}"' in client.get(reverse("search"), {"q": text}).content.decode()
    assert url not in client.get(reverse("search"), {"q": "contract year CC-999999"}).content.decode()


def test_the_statement_and_the_entry_name_the_document_and_the_period_of_a_top_up(two):
    service = two[1].prepaid_service
    client = signed_in("viewer")
    entry = service.entries.get(entry_type="positive")
    invoice = entry.document
    days = {"first": "2026-07-01", "last": "2026-07-31"}
    page = client.get(reverse("prepaid:statement", args=[service.pk]), days).content.decode()
    assert "Positive Adjmt., 1 Jul 2026 – 31 Jul 2026" in page and f"Invoice {invoice.posted_number}" in page
    answer = client.get(reverse("prepaid:statement", args=[service.pk]), {**days, "export": "csv"})
    row = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))[1]
    assert (row["What"], row["Document"]) == (
        "Positive Adjmt., 1 Jul 2026 – 31 Jul 2026", f"Invoice {invoice.posted_number}"
    )  # fmt: skip
    page = client.get(entry.get_absolute_url()).content.decode()
    assert "For the period" in page and two[1].get_absolute_url() in page
    listed = client.get(entries_url(service)).content.decode()
    assert invoice.posted_number in listed
