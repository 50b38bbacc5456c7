"""A list page: filters, chips, totals per currency, sort, pages, export, and the number of queries."""

import csv
import io
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from pages import exports

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pages.sample")]
URL = "/sample/rates/"


@pytest.fixture
def page(signed_in):
    return signed_in("ledger.view_exchangerate")


def read_csv(response):
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_totals_are_per_currency_and_in_its_decimals(page, rates):
    rates("USD", "1.25", "2.50")
    rates("JPY", "150")
    summary = page.get(URL).context["summary"]
    assert [(row["code"], row["count"], str(row["totals"][0][1])) for row in summary] == [
        ("JPY", 1, '<span class="amount">JPY\u00a0150</span>'),
        ("USD", 2, '<span class="amount">USD\u00a03.75</span>'),
    ]


def test_a_filter_narrows_rows_and_totals_and_its_chip_takes_it_away(page, rates):
    rates("USD", "1", "2", "3")
    rates("EUR", "4")
    query = "?currency=USD&starting_on_after=2026-01-02&sort=-rate"
    response = page.get(URL + query)
    assert [row.record.rate for row in response.context["table"].paginated_rows] == [3, 2]
    assert response.context["count"] == 2
    assert [(chip.label, chip.value, chip.without) for chip in response.context["chips"]] == [
        ("Currency", "USD", "?starting_on_after=2026-01-02&sort=-rate"),
        ("From", "from 2 Jan 2026", "?currency=USD&sort=-rate"),
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?starting_on_after=31.31.2026", "Enter a valid date."),
        ("?rate=many", "Enter a number."),
        ("?rate=-1e9999", "Ensure this value is greater than or equal to"),
        ("?currency=XXX", "Select a valid choice."),
        ("?search=%00", "Null characters are not allowed."),
    ],
)
def test_an_unreadable_filter_gives_a_sentence_and_no_rows(page, rates, query, sentence):
    rates("USD", "1")
    response = page.get(URL + query)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert response.context["count"] == 0
    assert len(read_csv(page.get(URL + query + "&export=csv"))) == 1


@pytest.mark.parametrize(
    "query", ["?sort=nonsense", "?sort=currency__password", "?page=0", "?page=99", "?page=x", "?page=-1"]
)
def test_a_sort_or_page_that_does_not_exist_shows_the_rows(page, rates, query):
    rates("USD", "1")
    response = page.get(URL + query)
    assert [row.record.rate for row in response.context["table"].paginated_rows] == [1]


def test_empty_says_what_the_page_is_for_and_nothing_found_says_what_to_remove(page, rates):
    assert "A rate turns a currency into the company" in page.get(URL).content.decode()
    rates("USD", "1")
    text = page.get(URL + "?search=krone").content.decode()
    assert "Nothing matches this filter" in text
    assert "A rate turns a currency" not in text


def test_rows_that_sort_alike_keep_their_order_over_the_pages(page, rates, monkeypatch):
    monkeypatch.setattr("tests.pages.sample.RateList.per_page", 3)
    rates("USD", *["7"] * 8)
    pages = (page.get(f"{URL}?sort=rate&page={number}").context["table"].paginated_rows for number in (1, 2, 3))
    keys = [row.record.pk for rows in pages for row in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == 8


@pytest.mark.parametrize("query", ["", "?search=dollar&sort=-rate"])
def test_the_number_of_queries_does_not_grow_with_the_rows(page, rates, query):
    counts = []
    for code, rows in (("USD", 1), ("EUR", 9), ("JPY", 90)):
        rates(code, *["2"] * rows)
        with CaptureQueriesContext(connection) as captured:
            assert page.get(URL + query).status_code == 200
        counts.append([query["sql"][:60] for query in captured])
    assert len(counts[0]) == len(counts[1]) == len(counts[2]) <= 10, counts


def test_export_holds_what_is_filtered_beyond_the_page_with_numbers_as_numbers(page, rates, monkeypatch):
    monkeypatch.setattr("tests.pages.sample.RateList.per_page", 1)
    made = rates("USD", "1.5", "2.5")
    rates("EUR", "9")
    response = page.get(URL + "?currency=USD&sort=rate&export=xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="exchange-rates.xlsx"'
    rows = list(load_workbook(io.BytesIO(b"".join(response.streaming_content))).active.values)
    assert rows[0] == ("Currency", "Name", "Starting date", "LCY per unit", "Key", "Code")
    assert rows[1:] == [
        ("USD", "US dollar", datetime(2026, 1, 1), 1.5, made[0].pk, "USD"),
        ("USD", "US dollar", datetime(2026, 1, 2), 2.5, made[1].pk, "USD"),
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_text_that_a_spreadsheet_would_run_is_made_safe(page, rates, currencies, kind):
    currencies["USD"].name = "=HYPERLINK(1)\x0b"
    currencies["USD"].save()
    rates("USD", "1")
    response = page.get(f"{URL}?export={kind}")
    if kind == "csv":
        assert read_csv(response)[1][1] == "'=HYPERLINK(1) "
    else:
        cell = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active["B2"]
        assert (cell.value, cell.data_type) == ("'=HYPERLINK(1) ", "s")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_start_of_a_formula_is_known(start):
    assert exports.safe(f"{start}1") == f"'{start}1"


def test_text_that_looks_guarded_is_guarded_as_well_so_that_it_comes_back():
    assert (exports.safe("'=1"), exports.safe("'s")) == ("''=1", "'s")


def test_a_number_that_a_spreadsheet_would_cut_is_text_in_it():
    assert exports.exact(Decimal("-1.100000000000")) == Decimal("-1.1")
    assert exports.exact(Decimal("1234567890.123456")) == "1234567890.123456"


def test_a_negative_number_stays_a_number():
    assert exports.safe(-5) == -5


def test_who_may_not_see_the_list_may_not_export_it(client, signed_in):
    assert client.get(f"{URL}?export=csv")["Location"] == f"/sign-in/?next={URL}%3Fexport%3Dcsv"
    response = signed_in("auth.view_group").get(f"{URL}?export=csv")
    assert response.status_code == 403


def test_actions_appear_with_their_permission_and_closed_ones_with_their_reason(page, rates):
    text = page.get(URL).content.decode()
    assert "New rate" not in text
    assert "The year is not over." in text


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(page, rates, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_PER_SHEET", 2)
    rates("USD", *["1"] * 5)
    response = page.get(f"{URL}?export=xlsx")
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert [len(list(sheet.values)) for sheet in book.worksheets] == [3, 3, 2]
    assert {next(iter(sheet.values))[0] for sheet in book.worksheets} == {"Currency"}
