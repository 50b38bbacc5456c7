"""The aging by expiry month, and what both forecasts have in common: they tie to the trial balance, their pages lead to the
lots, and they ask a constant number of questions."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.night import run_nights
from credits.models import Milestone
from credits.services.allocate import allocate
from credits.services.dates import change_dates
from credits.services.milestones import complete
from credits.services.purchases import confirm_purchase, edit_draft, return_to_draft
from ledger.models import PostingSetup
from ledger.reports.deferrals import Asked
from ledger.reports.forecast import by_month, forecast, parts
from ledger.reports.trial_balance import trial_balance
from tests import builders
from tests.recorded import recorded_on

pytestmark = pytest.mark.django_db
D = datetime.date
BOUGHT, TODAY = D(2026, 11, 2), D(2026, 11, 24)
VIEWS = ("due", "expiry")


def aging(on=TODAY, **asked) -> list[tuple]:
    """(month, currency, allocated, not allocated), in the transaction currency."""
    rows = forecast(Asked(on=on, view="expiry", **asked))
    return [(row.bucket, row.currency.code, row.own.recognise, row.own.lapse) for row in rows]


@pytest.fixture
def sam(db):
    return builders.make_user("sam")


@pytest.fixture
def account(db):
    builders.make_company(lcy="USD")
    return builders.make_account()


@pytest.fixture
def lots(account, sam):
    """Of 800.00 USD to November, of 800.00 USD to March with 4 of 10 allocated, and of 1,000 JPY to 2028."""
    builders.make_rate("JPY", "0.006611")
    with recorded_on(BOUGHT):
        november = builders.make_purchase(account, expires_on=D(2026, 11, 20))
        march = builders.make_purchase(account, starts_on=TODAY, expires_on=D(2027, 3, 31))
        builders.make_purchase(account, currency="JPY", amount_paid_per_credit="100", expires_on=D(2028, 1, 1))
    milestone = builders.make_milestone(builders.make_project(account), 4)
    with recorded_on(TODAY):
        allocate(milestone, actor=sam)
    return november, march


def test_the_lots_stand_in_the_month_they_expire(lots):
    assert aging() == [
        ("past", "USD", 0, 800),
        ("2027-03", "USD", 320, 480),
        ("later", "JPY", 0, 1000),
    ]
    assert aging(D(2026, 11, 20)) == [("2026-11", "USD", 0, 800), ("2027-03", "USD", 0, 800), ("later", "JPY", 0, 1000)]


def test_an_extension_moves_the_bar_only_from_the_day_it_was_known(lots, sam):
    _, march = lots
    with recorded_on(D(2026, 11, 23)):
        change_dates(march, starts_on=march.starts_on, expires_on=D(2027, 6, 30), reason="Asked for", actor=sam)
    with recorded_on(D(2026, 11, 26)):
        change_dates(march, starts_on=march.starts_on, expires_on=D(2027, 9, 30), reason="Again", actor=sam)
    months = {known: aging(known_on=known)[1][0] for known in (D(2026, 11, 22), D(2026, 11, 23), D(2026, 11, 26), None)}
    assert list(months.values()) == ["2027-03", "2027-06", "2027-09", "2027-09"]


def test_a_late_posting_is_in_the_aging_of_its_day_and_not_in_what_was_known(lots, account):
    with recorded_on(D(2026, 11, 24)):
        builders.make_purchase(account, purchased_on=D(2026, 11, 5), expires_on=D(2027, 3, 1))
    assert ("2027-03", "USD", 0, 1600) in aging(D(2026, 11, 10))
    assert ("2027-03", "USD", 0, 800) in aging(D(2026, 11, 10), known_on=D(2026, 11, 10))


def test_a_lot_sold_again_stands_in_the_month_that_was_known(lots, account, sam):
    november, _ = lots
    with recorded_on(D(2026, 11, 19)):
        return_to_draft(november, actor=sam)
    with recorded_on(D(2026, 11, 20)):
        edit_draft(november, builders.make_terms(account, number_of_credits=5, expires_on=D(2027, 2, 1)), actor=sam)
        confirm_purchase(november, actor=sam)
    assert aging()[0] == ("2027-02", "USD", 0, 400)
    assert aging(D(2026, 11, 18), known_on=D(2026, 11, 18))[0] == ("2026-11", "USD", 0, 800)


def test_the_aging_keeps_accounts_that_the_posting_setup_named_once(lots):
    before = aging()
    PostingSetup.objects.update(deferral="2410")
    assert aging() == before
    for view in VIEWS:
        assert forecasted(TODAY, None, view) == deferred(TODAY, None) != {}


def test_what_remains_runs_down_to_nothing(lots):
    asked = Asked(on=TODAY, view="expiry")
    months = by_month(asked, forecast(asked))
    assert list(months)[:3] == ["past", "2026-11", "2026-12"]
    # 1,000 JPY are 6.61 USD.
    remaining = [amounts.remaining for amounts in months.values()]
    assert remaining == [*4 * [Decimal("806.61")], Decimal("806.61"), *8 * [Decimal("6.61")], 0]


def deferred(on, known_on) -> dict[str, tuple]:
    """What stands on the deferral account, per currency: own and LCY."""
    accounts = [account for account in trial_balance(on, known_on=known_on).accounts if account.code == "2400"]
    return {
        part.currency.code: (-part.own.balance, -part.lcy.balance)
        for account in accounts
        for part in account.currencies
        if part.own.balance or part.lcy.balance
    }


def forecasted(on, known_on, view) -> dict[str, tuple]:
    sums: dict[str, tuple] = {}
    for row in forecast(Asked(on=on, known_on=known_on, view=view)):
        own, lcy = sums.get(row.currency.code, (0, 0))
        sums[row.currency.code] = (own + row.own.total, lcy + row.lcy.total)
    return sums


MOST = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CURRENCIES = {"USD": Decimal("0.01"), "GBP": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}
RATES = {"GBP": "1.2711", "JPY": "0.006611", "KWD": "3.2501"}


@st.composite
def bought(draw):
    """(currency, credits, price in its smallest unit, days to the expiry, credits of milestones, how many are done)"""
    credits = draw(st.integers(1, 30))
    drawn, left = [], credits
    while left and draw(st.booleans()):
        drawn.append(draw(st.integers(1, left)))
        left -= drawn[-1]
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    return currency, credits, draw(st.integers(0, 9999)), draw(st.integers(5, 400)), drawn, draw(st.integers(0, 3))


@MOST
@given(st.lists(bought(), min_size=1, max_size=4), st.sampled_from([None, 3, 12, 25]), st.integers(0, 30))
def test_the_forecasts_add_up_to_the_trial_balance(account, sam, lots, known, after):
    for currency, rate in RATES.items():
        if currency not in account._meta.apps.get_model("ledger.ExchangeRate").objects.values_list(
            "currency", flat=True
        ):
            builders.make_rate(currency, rate)
    for day, (currency, credits, price, days, drawn, done) in enumerate(lots, start=2):
        customer = builders.make_account(currency=currency)
        project = builders.make_project(customer)
        with recorded_on(D(2026, 11, day)):
            lot = {"number_of_credits": credits, "amount_paid_per_credit": price * CURRENCIES[currency]}
            builders.make_purchase(
                customer, purchased_on=D(2026, 11, 2), expires_on=BOUGHT + datetime.timedelta(days), **lot
            )
        for number, units in enumerate(drawn):
            milestone = builders.make_milestone(project, units, target_on=D(2026, 11, 20) if number % 2 else None)
            with recorded_on(D(2026, 11, day + 1)):
                allocate(milestone, actor=sam)
                if number < done:
                    complete(milestone, actor=sam)
        with recorded_on(D(2026, 11, day + 10)):
            list(run_nights())
    on, known_on = D(2026, 11, 2) + datetime.timedelta(after), known and D(2026, 11, known)
    for view in VIEWS:
        assert forecasted(on, known_on, view) == deferred(on, known_on)
        assert not [row for row in forecast(Asked(on=on, known_on=known_on, view=view)) if row.own.unexplained]


@pytest.mark.parametrize("view", VIEWS)
def test_the_number_of_queries_does_not_grow_with_the_lots(account, sam, view):
    counts = []
    for lots in (1, 60):
        for day in range(lots):
            builders.make_purchase(account, expires_on=D(2027, 1, 1) + datetime.timedelta(days=day))
        allocate(builders.make_milestone(builders.make_project(account), 3), actor=sam, on=TODAY)
        with CaptureQueriesContext(connection) as queries:
            forecast(Asked(on=TODAY, view=view, by="customer"))
            parts(Asked(on=TODAY, view=view))
        counts.append(len(queries))
    assert counts[0] == counts[1] == 6


@pytest.fixture
def reader(admin_client):
    return lambda page, **query: admin_client.get(f"/books/{page}/", {"on": "2026-11-24"} | query)


def rows_of(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


PAGES = ("waterfall", "aging", "deferral-lines")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_as_many_questions_for_sixty_lots_as_for_one(account, reader, page):
    counts = []
    for lots in (1, 60):
        for day in range(lots):
            builders.make_purchase(account, expires_on=D(2027, 1, 1) + datetime.timedelta(days=day))
        with CaptureQueriesContext(connection) as queries:
            reader(page, by="customer")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_the_page_shows_the_chart_and_each_figure_leads_to_its_parts(lots, reader, admin_client):
    response = reader("aging")
    text = response.content.decode().replace("\xa0", " ")
    assert "Expires in each month: Past expiry USD 800.00, Not allocated USD 800.00; Nov 2026 USD 0.00" in text
    line = next(line for line in response.context["rows"] if line.label == "Mar 2027")
    allocated, free, total, _ = line.cells
    assert [cell.amount for cell in line.cells[:3]] == [320, 480, 800]
    for cell in (allocated, free, total):
        found = admin_client.get(cell.url).context["report"]
        assert sum(part.amount for part in found) == cell.amount


def test_the_parts_lead_to_lot_milestone_and_customer(lots, account, reader):
    page = reader("deferral-lines", view="expiry", bucket="2027-03", currency="USD", cause="recognise").content.decode()
    _, march = lots
    assert march.get_absolute_url() in page
    assert account.get_absolute_url() in page
    assert Milestone.objects.get().get_absolute_url() in page


def test_the_files_hold_numbers_in_both_currencies(lots, reader):
    rows = rows_of(reader("aging", export="csv"))
    assert [
        (row["Month"], row["Currency"], row["Total"], row["Total (LCY)"], row["Expires later"]) for row in rows
    ] == [
        ("Past expiry", "USD", "800.00", "800.00", "800.00"),
        ("Mar 2027", "USD", "800.00", "800.00", "0.00"),
        ("Later", "JPY", "1000", "6.61", "0"),
    ]
    told = rows_of(reader("deferral-lines", export="csv", view="expiry"))
    assert [(row["What"], row["Expires"], Decimal(row["Amount"])) for row in told] == [
        ("To lapse", "2026-11-20", 800),
        ("To be recognised", "2027-03-31", 320),
        ("To lapse", "2027-03-31", 480),
        ("To lapse", "2028-01-01", 1000),
    ]
    for page in PAGES:
        assert reader(page, export="xlsx")["Content-Disposition"].endswith('.xlsx"')


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"on": "31 Feb"}, "Enter a valid date."),
        ({"on": "9999-12-31"}, "Days end with 31 Dec 2999."),
        ({"known_on": "x"}, "Enter a valid date."),
        ({"by": "weather"}, "Select a valid choice"),
        ({"months": "61"}, "At most 60 months fit on the page."),
        ({"months": "0"}, "At least one month."),
    ],
)
def test_bad_input_gets_a_sentence(lots, reader, page, query, sentence):
    assert sentence in reader(page, **query).content.decode()


def test_a_view_or_cause_that_does_not_exist_gets_a_sentence(lots, reader):
    assert "Select a valid choice" in reader("deferral-lines", view="weather").content.decode()
    assert "Select a valid choice" in reader("deferral-lines", cause="weather").content.decode()


@pytest.mark.parametrize("page", ["waterfall", "aging"])
def test_an_empty_company_is_told_what_comes_first(reader, page):
    builders.make_company()
    assert "the first confirmed purchase" in reader(page).content.decode()


def test_the_figures_of_the_roll_forward_lead_to_lines_that_add_up_to_them(lots, admin_client):
    page = admin_client.get("/books/roll-forward/", {"first": "2026-11-01", "last": "2026-11-30", "by": "customer"})
    for line in page.context["rows"]:
        opening, additions, *_, closing = line.cells
        for cell in (additions, closing):
            found = admin_client.get(cell.url).context["filterset"].qs
            assert sum(row.credit - row.debit for row in found) == cell.amount
        assert not admin_client.get(opening.url).context["filterset"].qs.exists()
