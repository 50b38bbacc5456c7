"""The roll-forward of the contract liability, to the cent (posting rules, "Always"), as of a day and as known on a day."""

import datetime
from decimal import Decimal

import pytest
import time_machine

from config.night import run_nights
from credits.reports.tie_out import tie_out
from credits.services.allocate import allocate
from credits.services.milestones import complete, reopen
from credits.services.purchases import confirm_purchase, edit_draft, return_to_draft
from ledger.models import PostingSetup
from ledger.reports.journal import deferral_lines
from ledger.reports.roll_forward import roll_forward
from tests import builders

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = datetime.date(2026, 11, 1), datetime.date(2026, 12, 1)
LAST = datetime.date(2026, 12, 31)


def at(month, day):
    return time_machine.travel(datetime.datetime(2026, month, day, 12, tzinfo=datetime.UTC), tick=False)


def figures(movements) -> tuple:
    """(opening, additions, revenue, breakage, refunds, changes, closing)"""
    names = ("opening", "additions", "revenue", "breakage", "refunds", "changes", "closing")
    return tuple(getattr(movements, name) for name in names)


def money(*amounts: str) -> tuple:
    return tuple(Decimal(amount) for amount in amounts)


@pytest.fixture
def sold():
    """Lots A and C of the posting rules, expiring on 30 November."""
    builders.make_company(lcy="USD")
    builders.make_rate("GBP", "1.2711")
    terms = {"expires_on": datetime.date(2026, 11, 29), "starts_on": NOVEMBER, "purchased_on": NOVEMBER}
    account = builders.make_account()
    with at(11, 2):
        a = builders.make_purchase(account, **terms)
        c = builders.make_purchase(
            account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00", **terms
        )
    return account, a, c


def work(account, currency, credits, sam):
    milestone = builders.make_milestone(builders.make_project(account, currency=currency), credits)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    return milestone


def test_a_month_of_two_lots_from_sale_to_expiry(sold):
    account, _, _ = sold
    sam = builders.make_user()
    with at(11, 10):
        work(account, "USD", 4, sam)
        work(account, "GBP", 2, sam)
        list(run_nights())
        work(account, "GBP", 2, sam)
        list(run_nights())
    with at(11, 30):
        list(run_nights())
    rows = {row.currency.code: row for row in roll_forward(NOVEMBER, datetime.date(2026, 11, 30))}
    assert figures(rows["USD"].own) == money("0", "800", "320", "480", "0", "0", "0")
    assert figures(rows["GBP"].own) == money("0", "250", "200", "50", "0", "0", "0")
    assert figures(rows["USD"].lcy + rows["GBP"].lcy) == money("0", "1117.78", "574.22", "543.56", "0", "0", "0")


def test_a_month_opens_with_the_closing_of_the_one_before(sold):
    account, _, _ = sold
    sam = builders.make_user()
    with at(11, 10):
        milestone = work(account, "USD", 4, sam)
        list(run_nights())
    with at(12, 3):
        reopen(milestone, actor=sam, reason="Scope changed")
    november, december = [row for row in roll_forward(NOVEMBER, LAST) if row.currency.code == "USD"]
    assert figures(november.own) == money("0", "800", "320", "0", "0", "0", "480")
    assert figures(december.own) == money("480", "0", "-320", "0", "0", "0", "800")
    (later,) = [row for row in roll_forward(DECEMBER, LAST) if row.currency.code == "USD"]
    assert figures(later.own) == figures(december.own)


def test_what_went_back_to_draft_is_a_negative_addition(sold):
    _, a, _ = sold
    with at(12, 1):
        return_to_draft(a, actor=builders.make_user())
    december = [row for row in roll_forward(DECEMBER, LAST) if row.currency.code == "USD"]
    assert [figures(row.own) for row in december] == [money("800", "-800", "0", "0", "0", "0", "0")]


def test_as_known_on_a_day_leaves_out_what_was_posted_later(sold):
    """A late posting changes the as-of report and not the as-known one; the database's clock says when it was posted."""
    yesterday = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)
    assert roll_forward(NOVEMBER, LAST, known_on=yesterday) == []
    assert roll_forward(NOVEMBER, LAST, known_on=yesterday + datetime.timedelta(days=2)) != []


@pytest.mark.parametrize(("by", "key"), [("account", "2400"), ("product_group", "CREDITS"), ("customer", "account:{}")])
def test_by_account_product_group_and_customer(sold, by, key):
    account, _, _ = sold
    assert {row.key for row in roll_forward(NOVEMBER, LAST, by=by)} == {key.format(account.pk)}


def november(rows) -> dict[str, tuple]:
    return {row.currency.code: figures(row.own) for row in rows if row.month == NOVEMBER}


def test_an_account_that_the_posting_setup_named_once_keeps_its_past(sold):
    with at(11, 30):
        list(run_nights())
    before, lines = roll_forward(NOVEMBER, LAST), deferral_lines().count()
    assert november(before)["USD"] == money("0", "800", "0", "800", "0", "0", "0")
    PostingSetup.objects.update(deferral="2410", breakage="4095")
    assert roll_forward(NOVEMBER, LAST) == before
    PostingSetup.objects.all().delete()
    assert roll_forward(NOVEMBER, LAST) == before
    assert deferral_lines().count() == lines == 4


def test_money_taken_over_by_another_deferral_account_is_a_change_of_both(sold):
    PostingSetup.objects.update(deferral="2410")
    builders.make_entry("test:moved", "300", debit="2400", credit="2410", on=DECEMBER)
    december = {row.key: row for row in roll_forward(DECEMBER, LAST) if row.currency.code == "USD"}
    assert figures(december["2400"].own) == money("800", "0", "0", "0", "0", "-300", "500")
    assert figures(december["2410"].own) == money("0", "0", "0", "0", "0", "300", "300")


def test_a_cell_that_was_wrong_for_a_while_makes_no_deferral_of_receivables_and_no_breakage_of_sales(sold):
    account, _, _ = sold
    PostingSetup.objects.update(deferral="1100", breakage="4000")
    PostingSetup.objects.update(deferral="1000")
    PostingSetup.objects.update(deferral="2400", breakage="4090")
    builders.make_entry("test:paid", "100", debit="1000", credit="1100")
    with at(11, 10):
        work(account, "USD", 4, builders.make_user())
        list(run_nights())
    assert {row.key for row in roll_forward(NOVEMBER, LAST)} == {"2400"}
    assert november(roll_forward(NOVEMBER, LAST))["USD"] == money("0", "800", "320", "0", "0", "0", "480")


def test_the_tie_out_of_a_past_day_has_the_account_of_that_day(sold):
    """Taken back and sold again in December, lot A waits on another account; in November it waited on 2400."""
    _, a, c = sold
    sam = builders.make_user()
    PostingSetup.objects.update(deferral="2410")
    with at(12, 1):
        for lot in (a, c):
            return_to_draft(lot, actor=sam)
    with at(12, 2):
        again = builders.make_terms(a.account, purchased_on=DECEMBER)
        confirm_purchase(edit_draft(a, again, actor=sam), actor=sam)
    rows = tie_out(datetime.date(2026, 11, 30))
    assert not any(row.difference or row.difference_lcy or row.own.difference for row in rows)
    books = {(row.account, row.currency.code): row.books for row in rows}
    assert books == {("2400", "USD"): 800, ("2400", "GBP"): 250}


def test_vat_beside_the_receivable_is_no_addition_of_its_own(sold):
    """Rule 2b: 952.00 receivable, 800.00 deferred, 152.00 VAT: the deferral is net."""
    from ledger.models import Currency
    from ledger.services.posting import Line, post

    keys = {"lot": "purchase:0", "party": "account:0", "product_group": "CREDITS"}
    lines = [
        Line(account="1100", debit=Decimal(952), debit_lcy=Decimal(952), **keys),
        Line(account="2400", credit=Decimal(800), credit_lcy=Decimal(800), **keys),
        Line(account="2700", credit=Decimal(152), credit_lcy=Decimal(152), **keys),
    ]
    post(
        event_key="test:vat", kind="test", effective_on=DECEMBER, currency=Currency.objects.get(code="USD"),
        description="With VAT", lines=lines,
    )  # fmt: skip
    (row,) = [row for row in roll_forward(DECEMBER, LAST) if row.currency.code == "USD"]
    assert figures(row.own) == money("800", "800", "0", "0", "0", "0", "1600")


def test_three_queries_whatever_there_is(sold, django_assert_num_queries):
    with django_assert_num_queries(3):
        roll_forward(NOVEMBER, LAST, known_on=LAST)


@pytest.fixture
def reader(admin_client):
    return lambda **query: admin_client.get(
        "/books/roll-forward/", {"first": "2026-11-01", "last": "2026-12-31"} | query
    )


def test_the_page_shows_the_months_their_chart_and_leads_to_the_lines(sold, reader):
    page = reader().content.decode().replace("\xa0", " ")
    assert "Deferred at the end of each month: Nov 2026 USD 1,117.78, Dec 2026 USD 1,117.78" in page
    lines = (
        "/books/roll-forward/entries/?posting_date_after=2026-11-01&amp;posting_date_before=2026-11-30&amp;currency=GBP"
    )
    assert lines in page
    assert sold[0].name in reader(by="customer").content.decode()


def test_the_file_holds_both_currencies_as_numbers(sold, reader):
    header, first, *_ = b"".join(reader(export="csv").streaming_content).decode().splitlines()
    assert header.startswith("Month,Group,Currency,Opening,Additions")
    assert first == "2026-11-01,2400,GBP,0.00,250.00,0.00,0.00,0.00,0.00,250.00,0.00,317.78,0.00,0.00,0.00,0.00,317.78"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"last": "2026-10-01"}, "1 Oct 2026 is before 1 Nov 2026."),
        ({"first": "1900-01-01"}, "At most 60 months fit on the page."),
        ({"by": "weather"}, "Select a valid choice"),
        ({"known_on": "31 Feb"}, "Enter a valid date."),
    ],
)
def test_bad_input_gets_a_sentence(sold, reader, query, sentence):
    assert sentence in reader(**query).content.decode()


def test_an_empty_company_is_told_what_comes_first(reader):
    builders.make_company()
    assert "the first confirmed purchase" in reader().content.decode()
