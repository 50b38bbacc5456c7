"""As of a day and as known on a day: what would have been reported then, and the entries that make the difference."""

import csv
import datetime
import io
from decimal import Decimal

import pytest

from ledger.dates import end_of
from ledger.models import JournalEntry, JournalLine
from ledger.reports.knowledge import what_became_known
from ledger.reports.known import recorded_by, recorded_from
from ledger.reports.trial_balance import trial_balance
from tests import builders
from tests.recorded import recorded_on

pytestmark = pytest.mark.django_db
D = datetime.date
OCTOBER, CLOSED, TODAY = D(2026, 10, 31), D(2026, 11, 5), D(2026, 11, 24)


@pytest.fixture
def late():
    """100.00 USD and 7 GBP known in October; on 20 November 30.00 USD more become known, of October as well."""
    builders.make_company()
    with recorded_on(D(2026, 10, 10)):
        builders.make_entry("test:1", "100", on=D(2026, 10, 10))
        builders.make_entry("test:2", "7", on=D(2026, 10, 12), currency="GBP")
    with recorded_on(D(2026, 11, 20)):
        builders.make_entry("test:late", "30", on=D(2026, 10, 20))
        builders.make_entry("test:november", "5", on=D(2026, 11, 20))


def balances(on, known_on=None) -> dict:
    return {account.code: account.lcy.balance for account in trial_balance(on, known_on=known_on).accounts}


def test_a_late_posting_changes_the_balance_of_its_day_and_not_what_was_known(late):
    assert balances(OCTOBER) == {"1100": 144, "2400": -144}
    assert balances(OCTOBER, CLOSED) == {"1100": 114, "2400": -114}
    assert balances(OCTOBER, D(2026, 11, 19)) == balances(OCTOBER, CLOSED)
    assert balances(OCTOBER, D(2026, 11, 20)) == balances(OCTOBER)
    assert balances(OCTOBER, D(2026, 10, 9)) == {}


@pytest.mark.parametrize(
    ("zone", "known"),
    [("UTC", D(2026, 10, 10)), ("Asia/Tokyo", D(2026, 10, 11)), ("America/Los_Angeles", D(2026, 10, 10))],
)
def test_the_day_ends_in_the_company_s_time_zone(zone, known):
    """Recorded on 10 October at 16:00 UTC: in Tokyo that is 1:00 of the 11th."""
    builders.make_company(time_zone=zone)
    with recorded_on(D(2026, 10, 10), hour=16):
        builders.make_entry(on=D(2026, 10, 10))
    assert balances(OCTOBER, known - datetime.timedelta(days=1)) == {}
    assert balances(OCTOBER, known) == {"1100": 100, "2400": -100}


@pytest.mark.parametrize("day", [D.max, D(9999, 12, 30), None])
def test_no_day_is_too_late(day):
    builders.make_company(time_zone="Pacific/Kiritimati")
    builders.make_entry()
    assert end_of(day).year == 9999
    assert trial_balance(TODAY, known_on=day).lcy.debit == 100


@pytest.mark.parametrize("rows", [JournalEntry.objects, JournalLine.objects])
def test_what_was_recorded_by_a_day_and_from_the_next_are_all(late, rows):
    by, since = recorded_by(rows.all(), CLOSED), recorded_from(rows.all(), CLOSED + datetime.timedelta(days=1))
    assert by.count() == since.count() == rows.count() / 2
    assert by.union(since).count() == rows.count()


def test_what_became_known_is_told_per_account_and_currency_with_its_entries(late):
    found = what_became_known(OCTOBER, CLOSED, TODAY)
    told = [(row.code, row.currency.code, row.own.before, row.own.after, row.lcy.difference) for row in found.accounts]
    assert told == [
        ("1100", "GBP", 7, 7, 0),
        ("1100", "USD", 100, 130, 30),
        ("2400", "GBP", -7, -7, 0),
        ("2400", "USD", -100, -130, -30),
    ]
    assert [entry.event_key for entry in found.entries] == ["test:late"]


def test_the_difference_is_the_sum_of_its_entries(late):
    for first, later in [(D(2026, 10, 9), CLOSED), (CLOSED, TODAY), (D(2026, 10, 9), TODAY)]:
        found = what_became_known(OCTOBER, first, later)
        lines = JournalLine.objects.filter(entry__in=found.entries.values("pk"), account="1100")
        differences = sum(row.lcy.difference for row in found.accounts if row.code == "1100")
        assert differences == sum(line.debit_lcy - line.credit_lcy for line in lines)


def test_an_account_that_was_not_known_of_begins_at_nothing(late):
    found = what_became_known(OCTOBER, D(2026, 10, 9), CLOSED)
    assert [(row.code, row.own.before, row.own.after) for row in found.accounts if row.currency.code == "GBP"] == [
        ("1100", 0, 7),
        ("2400", 0, -7),
    ]


def rows_of(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


@pytest.fixture
def reader(admin_client):
    return lambda page, **query: admin_client.get(f"/books/{page}/", query)


def test_the_trial_balance_is_asked_as_known_on_a_day_and_leads_to_what_became_known(late, reader):
    page = reader("trial-balance", on="2026-10-31", known_on="2026-11-05").content.decode()
    assert "/books/accounts/2400/?posting_date_before=2026-10-31&amp;known_on=2026-11-05" in page
    assert "/books/what-became-known/?on=2026-10-31&amp;known_first=2026-11-05&amp;known_later=" in page
    file = rows_of(reader("trial-balance", on="2026-10-31", known_on="2026-11-05", export="csv"))
    assert [(row["Account"], row["Currency"], row["Balance"]) for row in file] == [
        ("1100", "GBP", "7.00"), ("1100", "USD", "100.00"), ("2400", "GBP", "-7.00"), ("2400", "USD", "-100.00"),
    ]  # fmt: skip


def test_where_nothing_was_known_yet_the_page_leads_to_what_became_known(late, reader):
    page = reader("trial-balance", on="2026-10-31", known_on="2026-10-01").content.decode()
    assert "Nothing is posted up to this day." in page
    assert "/books/what-became-known/?on=2026-10-31&amp;known_first=2026-10-01&amp;known_later=" in page


def test_the_entries_of_an_account_close_at_the_balance_that_was_known(late, reader):
    context = reader("accounts/1100", posting_date_before="2026-10-31", known_on="2026-11-05").context
    assert context["filterset"].account_entries.closing == 114
    assert [chip.label for chip in context["chips"]] == ["Posted", "As known on"]


def test_the_page_of_what_became_known_lists_the_entries_and_leads_to_them_in_the_journal(late, reader):
    query = {"on": "2026-10-31", "known_first": "2026-11-05", "known_later": "2026-11-24"}
    page = reader("what-became-known", **query)
    late_entry = JournalEntry.objects.get(event_key="test:late")
    assert [entry.event_key for entry in page.context["entries"]] == ["test:late"]
    assert f'href="/books/journal/{late_entry.pk}/"' in page.content.decode()
    assert page.context["sum"].difference == 0
    found = reader("journal", **dict(pair.split("=") for pair in page.context["journal"].split("?")[1].split("&")))
    assert [row.record for row in found.context["table"].paginated_rows] == [late_entry]
    file = rows_of(reader("what-became-known", export="csv", **query))
    assert [(row["Account"], row["Difference"], row["Difference (LCY)"]) for row in file][1] == (
        "1100",
        "30.00",
        "30.00",
    )
    assert reader("what-became-known", export="xlsx", **query)["Content-Disposition"].endswith('.xlsx"')


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        ("what-became-known", {"known_first": "2026-11-24", "known_later": "2026-11-24"}, "24 Nov 2026 is not after"),
        ("what-became-known", {"known_first": "soon"}, "Enter a valid date."),
        ("trial-balance", {"known_on": "31 Feb"}, "Enter a valid date."),
        ("trial-balance", {"on": "9999-12-31"}, "Days end with 31 Dec 2999."),
        ("accounts/1100", {"known_on": "x"}, "Enter a valid date."),
    ],
)
def test_a_day_that_cannot_be_read_gets_a_sentence(late, reader, page, query, sentence):
    response = reader(page, **query)
    assert response.status_code == 200
    assert sentence in response.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_entries(reader, django_assert_max_num_queries):
    builders.make_company()
    counts = []
    for rows in (1, 60):
        for at in range(rows):
            builders.make_entry(f"test:{rows}:{at}", "1")
        with django_assert_max_num_queries(14) as queries:
            reader("what-became-known", on="2026-12-31", known_first="2026-01-01", known_later="2999-01-01")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_empty_company_is_told_what_comes_first(reader):
    builders.make_company()
    assert "the first confirmed purchase" in reader("what-became-known").content.decode()
    assert Decimal(0) == trial_balance(TODAY).lcy.debit
