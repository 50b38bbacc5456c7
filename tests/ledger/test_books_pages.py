"""The pages of the books: who may see them, what they add up to, where they lead, how many queries they make."""

import csv
import datetime
import io
import itertools
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger import sources
from ledger.models import AccountingPeriod, ExchangeRate, JournalEntry, LedgerAccount, PostingSetup
from ledger.reports.journal import entries_of
from ledger.reports.trial_balance import Sums, trial_balance
from ledger.services.posting import reverse as reverse_entry
from ledger.views import journal
from tests.builders import make_entry, make_period, make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
DAY = datetime.date(2026, 11, 2)
VIEW = "ledger.view_journalentry"


def address(name, *args, **query):
    return reverse(f"ledger:{name}", args=args, query=query or None)


def read_csv(response):
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


@pytest.fixture
def names(monkeypatch):
    """Customers and lots whose pages are known, and how often they were asked for."""
    asked = []

    def many(keys):
        asked.append(keys)
        return {key: (f"The {key}", f"/{key.replace(':', '/')}/") for key in keys}

    monkeypatch.setattr(sources, "_resolvers", {})
    monkeypatch.setattr(sources, "_finders", {})
    sources.register("account:", many=many, find=lambda text: ["account:7"] if text == "harbour" else [])
    sources.register("purchase:", lambda key: ("Lot", "/lot/") if key == "purchase:17" else None)
    return asked


PAGES = [
    ("journal", (), {}, VIEW),
    ("trial-balance", (), {}, VIEW),
    ("account", ("2400",), {}, VIEW),
    ("chart", (), {}, "ledger.view_ledgeraccount"),
    ("period-list", (), {}, "ledger.view_accountingperiod"),
    ("period-create", (), {}, "ledger.add_accountingperiod"),
    ("posting-setup", (), {}, "ledger.view_postingsetup"),
    ("posting-setup-edit", (), {"business": "DOMESTIC", "product": "CREDITS"}, "ledger.change_postingsetup"),
    ("rate-list", (), {}, "ledger.view_exchangerate"),
    ("rate-create", (), {}, "ledger.add_exchangerate"),
    ("currency-list", (), {}, "ledger.view_currency"),
]


@pytest.mark.parametrize(("name", "args", "query", "permission"), PAGES)
def test_a_page_opens_with_its_permission_and_with_no_other(signed_in, name, args, query, permission):
    url = address(name, *args, **query)
    others = {page[3] for page in PAGES} - {permission}
    assert signed_in(*others).get(url).status_code == 403
    assert signed_in(permission).get(url).status_code == 200


@pytest.mark.parametrize(
    ("name", "right"), [("period-close", "close_accountingperiod"), ("rate-edit", "change_exchangerate")]
)
def test_what_changes_one_row_needs_its_own_permission(signed_in, name, right):
    pk = make_period().pk if "period" in name else make_rate("GBP", "1.5").pk
    assert signed_in(VIEW, "ledger.view_accountingperiod").get(address(name, pk)).status_code == 403
    assert signed_in(f"ledger.{right}").get(address(name, pk)).status_code == 200


def test_nobody_sees_the_books_without_signing_in(client, company):
    assert client.get(address("journal")).url == f"{reverse('login')}?next={address('journal')}"


@pytest.mark.parametrize("name", ["journal", "account", "entry"])
def test_the_number_of_queries_does_not_grow_with_the_rows(signed_in, names, name):
    page, counts, number = signed_in(VIEW), [], itertools.count(1)
    for rows in (1, 9, 90):
        for at in itertools.islice(number, rows):
            make_entry(f"test:{at}", party=f"account:{at}", lot=f"purchase:{at}")
        url = address(name, *{"account": ["2400"], "entry": [JournalEntry.objects.last().pk]}.get(name, []))
        with CaptureQueriesContext(connection) as queries:
            assert page.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 10


def test_an_entry_shows_both_sides_its_source_and_what_undid_it(signed_in, names):
    page = signed_in(VIEW)
    entry = make_entry(
        "purchase:17", "250", currency="GBP", party="account:7", lot="purchase:17", actor=make_user("ann")
    )
    undone = reverse_entry(entry, event_key="undo", kind="undo", effective_on=DAY, reason="Wrong customer", actor=None)
    text = page.get(address("entry", entry.pk)).content.decode()
    for part in (
        "GBP\u00a0250.00", "USD\u00a0500.00", "1100 Receivables", address("account", "2400"), 'href="/lot/"',
        'href="/account/7/"', "purchase:17", "ann,", "Reversed by", address("entry", undone.pk),
    ):  # fmt: skip
        assert part in text
    text = page.get(address("entry", undone.pk)).content.decode()
    for part in ("Wrong customer", "the night", "Reverses", address("entry", entry.pk)):
        assert part in text


def test_the_journal_is_searched_by_key_text_and_customer_and_filtered_by_account(signed_in, names):
    page = signed_in(VIEW)
    make_entry("test:1", party="account:7")
    make_entry("test:2", description="A goodwill credit", kind="goodwill")
    make_entry("test:3", debit="2450", currency="GBP", on=DAY + datetime.timedelta(days=3))

    def found(**query):
        return [row.record.event_key for row in page.get(address("journal", **query)).context["table"].paginated_rows]

    assert found() == ["test:3", "test:2", "test:1"]
    assert found(search="EST:2") == found(search="goodwill") == found(kind="goodwill") == ["test:2"]
    assert found(search="harbour") == ["test:1"]
    assert found(account="2450") == found(currency="GBP") == found(posting_date_after="2026-11-03") == ["test:3"]
    assert found(posting_date_before="2026-11-02", account="2400") == ["test:2", "test:1"]
    assert found(search="nowhere") == []


def test_the_totals_of_the_journal_are_those_of_what_is_found(signed_in):
    page = signed_in(VIEW)
    make_entry("test:1", "10.10")
    make_entry("test:2", "20.20")
    make_entry("test:3", "5", currency="JPY")
    told = [
        (row["code"], row["count"], str(row["totals"][0][1])) for row in page.get(address("journal")).context["summary"]
    ]
    assert told == [
        ("JPY", 1, '<span class="amount">JPY\u00a05</span>'),
        ("USD", 2, '<span class="amount">USD\u00a030.30</span>'),
    ]
    assert page.get(address("journal", search="test:2")).context["count"] == 1


def test_entries_of_an_account_runs_from_the_opening_balance_to_the_one_of_the_trial_balance(signed_in):
    page = signed_in(VIEW)
    for day, amount in enumerate(("100", "20", "3", "0.5"), start=1):
        make_entry(f"test:{day}", amount, on=datetime.date(2026, 11, day))
    make_entry("test:back", "40", on=datetime.date(2026, 11, 3), debit="2400", credit="1100")
    query = {"posting_date_after": "2026-11-02", "posting_date_before": "2026-11-03"}
    context = page.get(address("account", "2400", **query)).context
    rows = [
        (row.record.entry.event_key, row.record.change_lcy, row.record.balance_lcy)
        for row in context["table"].paginated_rows
    ]
    assert rows == [("test:back", 40, -83), ("test:3", -3, -123), ("test:2", -20, -120)]
    shown = context["filterset"].account_entries
    assert (shown.opening, shown.debit, shown.credit, shown.closing) == (-100, 40, 23, -83)
    on = trial_balance(datetime.date(2026, 11, 3))
    assert {account.code: account.lcy.balance for account in on.accounts}["2400"] == shown.closing


def test_a_tab_shows_the_newest_and_leads_to_all_of_the_lot_in_the_journal(signed_in, monkeypatch):
    monkeypatch.setattr(journal, "TAB_SHOWN", 2)
    for at, lot in enumerate(("lot:1", "lot:1", "lot:12", "lot:1")):
        make_entry(f"test:{at}", lot=lot)
    tab = journal.newest(entries_of(lot="lot:1"), lot="lot:1")
    assert [entry.event_key for entry in tab["entries"]] == ["test:3", "test:1"]
    assert signed_in(VIEW).get(tab["all_url"]).context["count"] == 3
    assert journal.newest(entries_of(lot="lot:12"), lot="lot:12")["all_url"] == ""


def test_asked_for_nothing_the_entries_of_the_current_month_are_shown_with_what_was_before(signed_in, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC))
    page = signed_in(VIEW)
    for month, amount in ((10, "100"), (11, "20")):
        make_entry(f"test:{month}", amount, on=datetime.date(2026, month, 1))
    response = page.get(address("account", "1100"))
    text = response.content.decode()
    assert [row.record.balance_lcy for row in response.context["table"].paginated_rows] == [120]
    assert (response.context["filterset"].account_entries.opening, response.context["chips"]) == (100, [])
    assert "Account entries: 1100" in text and "November 2026 is shown." in text and "before the rows shown" in text
    everything = page.get(address("account", "1100", posting_date_after=""))
    assert everything.context["count"] == 2
    assert "is shown." not in everything.content.decode()


def test_entries_of_an_account_of_one_lot_adds_up_that_lot_alone(signed_in):
    page = signed_in(VIEW)
    for at, lot in enumerate(("lot:1", "lot:2", "lot:1")):
        make_entry(f"test:{at}", "10", lot=lot)
    shown = page.get(address("account", "2400", lot="lot:1")).context["filterset"].account_entries
    assert (shown.lines.count(), shown.closing) == (2, -20)


def test_entries_of_an_account_is_exported_with_numbers_and_keys(signed_in):
    page = signed_in(VIEW)
    make_entry("test:1", "1234.5", currency="GBP", party="account:7", lot="purchase:17")
    row = read_csv(page.get(address("account", "1100", export="csv", posting_date_after="")))[0]
    assert (row["Currency"], row["Party"], row["Lot"], row["Event key"]) == (
        "GBP",
        "account:7",
        "purchase:17",
        "test:1",
    )
    assert (Decimal(row["Debit"]), row["Change (LCY)"], row["Balance (LCY)"]) == (
        Decimal("1234.5"),
        "2469.00",
        "2469.00",
    )


def test_an_unknown_account_is_not_found_and_any_code_can_be_reached(signed_in):
    page = signed_in(VIEW)
    assert page.get(address("account", "9999")).status_code == 404
    LedgerAccount.objects.create(code="24/00 A?", name="Odd", category="asset")
    assert page.get(address("account", "24/00 A?")).status_code == 200


def test_the_trial_balance_knows_what_was_posted_by_then_and_both_sides_are_equal():
    make_entry("test:1", "100", on=DAY)
    make_entry("test:2", "50", on=DAY, currency="GBP")
    make_entry("test:3", "30", on=DAY + datetime.timedelta(days=1), debit="2400", credit="4000")
    balance = trial_balance(DAY)
    assert [(account.code, account.lcy) for account in balance.accounts] == [
        ("1100", Sums(Decimal(200), Decimal(0))),
        ("2400", Sums(Decimal(0), Decimal(200))),
    ]
    assert [(part.currency.code, part.own, part.lcy.debit) for part in balance.currencies] == [
        ("GBP", Sums(Decimal(50), Decimal(50)), 100),
        ("USD", Sums(Decimal(100), Decimal(100)), 100),
    ]
    later = trial_balance(DAY + datetime.timedelta(days=1))
    assert {account.code: account.lcy.balance for account in later.accounts} == {"1100": 200, "2400": -170, "4000": -30}
    assert later.lcy == Sums(Decimal(230), Decimal(230))
    assert trial_balance(DAY - datetime.timedelta(days=1)).accounts == []


def test_a_late_posting_is_in_the_balance_of_its_posting_date():
    make_period(2026, 10, closed_by=make_user("controller"))
    make_entry("test:late", on=datetime.date(2026, 10, 20))
    assert trial_balance(datetime.date(2026, 10, 31)).accounts == []
    assert trial_balance(datetime.date(2026, 11, 1)).lcy.debit == 100


def test_the_trial_balance_page_leads_to_the_lines_and_is_exported(signed_in, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC))
    page = signed_in(VIEW)
    make_entry("test:1", "1234.5")
    text = page.get(address("trial-balance")).content.decode()
    assert f'{address("account", "2400")}?posting_date_before=2026-11-24"' in text
    assert "1,234.50" in text and "Debits equal credits" in text and "?on=2026-10-31" in text
    rows = read_csv(page.get(address("trial-balance", on="2026-11-24", export="csv")))
    assert [(row["Account"], row["Debit"], row["Credit"], row["Balance (LCY)"]) for row in rows] == [
        ("1100", "1234.50", "0.00", "1234.50"),
        ("2400", "0.00", "1234.50", "-1234.50"),
    ]


def test_the_trial_balance_asks_a_constant_number_of_questions(signed_in):
    page, counts = signed_in(VIEW), []
    for rows in (1, 10):
        for at in range(rows):
            code = LedgerAccount.objects.create(code=f"7{rows:02}{at}", name="More", category="expense").code
            make_entry(f"test:{rows}:{at}", debit=code)
        with CaptureQueriesContext(connection) as queries:
            page.get(address("trial-balance"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("day", ["2026-02-31", "soon", "\x00"])
def test_a_day_that_cannot_be_read_gets_a_sentence_and_no_figures(signed_in, day):
    make_entry()
    response = signed_in(VIEW).get(address("trial-balance", on=day))
    assert response.status_code == 200
    assert response.context["form"].errors["on"]
    assert "Correct what is marked above" in response.content.decode()


def test_the_entries_of_a_lot_a_customer_and_an_event(signed_in):
    make_entry("purchase:1:confirm", "10", lot="purchase:1", party="account:1")
    make_entry("milestone:1", "4", lot="purchase:1", party="account:1", debit="2400", credit="4000")
    make_entry("purchase:2:confirm", "7", lot="purchase:2", party="account:1")
    make_entry("purchase:3:confirm", "1", lot="purchase:3", party="account:3")

    def keys(**of):
        return [(entry.event_key, entry.amount) for entry in entries_of(**of)]

    assert keys(lot="purchase:1") == [("milestone:1", 4), ("purchase:1:confirm", 10)]
    assert keys(party="account:1", event_prefix="purchase:") == [("purchase:2:confirm", 7), ("purchase:1:confirm", 10)]
    assert keys(event_prefix="milestone:") == [("milestone:1", 4)]
    with pytest.raises(TypeError):
        entries_of()


def test_the_posting_setup_shows_every_pair_and_what_is_missing(signed_in):
    PostingSetup.objects.filter(business_group="EXPORT").delete()
    response = signed_in("ledger.view_postingsetup").get(address("posting-setup"))
    missing = [[cell.missing for cell in row.cells] for row in response.context["matrix"].rows]
    assert missing == [[0] * 5, [6] * 5]  # CONTRACTS, CREDITS, PREPAID, PREPAID-DEF, SERVICES
    assert response.content.decode().count("Missing") == 30
    assert address("posting-setup-edit") not in response.content.decode()


def test_a_cell_is_filled_and_an_unknown_one_is_not_found(signed_in):
    PostingSetup.objects.filter(business_group="EXPORT").delete()
    page = signed_in("ledger.change_postingsetup", "ledger.view_postingsetup")
    url = address("posting-setup-edit", business="EXPORT", product="CREDITS")
    accounts = {"receivable": "1100", "deferral": "2400", "sales": "4000", "breakage": ""}
    assert page.post(url, accounts).url == address("posting-setup")
    made = PostingSetup.objects.get(business_group="EXPORT", product_group="CREDITS")
    assert (made.deferral_id, made.breakage_id) == ("2400", None)
    page.post(url, accounts | {"breakage": "4090"})
    made.refresh_from_db()
    assert made.breakage_id == "4090"
    assert page.get(address("posting-setup-edit", business="MOON", product="CREDITS")).status_code == 404


def test_a_rate_is_entered_corrected_and_not_entered_twice_a_day(signed_in):
    page = signed_in("ledger.add_exchangerate", "ledger.change_exchangerate", "ledger.view_exchangerate")
    rate = {"currency": "GBP", "starting_on": "2026-11-01", "rate": "1.2711"}
    assert page.post(address("rate-create"), rate).url == address("rate-list")
    entered = ExchangeRate.objects.get()
    assert "already exists" in page.post(address("rate-create"), rate).content.decode()
    assert "own currency" in page.post(address("rate-create"), rate | {"currency": "USD"}).content.decode()
    assert page.post(address("rate-create"), rate | {"rate": "0", "starting_on": "2026-12-01"}).status_code == 200
    page.post(address("rate-edit", entered.pk), rate | {"rate": "1.28", "currency": "EUR"})
    assert list(ExchangeRate.objects.values_list("currency", "rate")) == [("GBP", Decimal("1.28"))]


def fingerprint(response):
    return response.context["preview"].fingerprint


def test_a_year_of_months_is_made_and_the_ones_that_are_there_are_left_out(signed_in):
    page = signed_in("ledger.add_accountingperiod", "ledger.view_accountingperiod")
    make_period(2027, 3)
    form = {"first": "2027-01-15", "count": "12"}
    shown = page.post(address("period-create"), form)
    assert [row.label for row in shown.context["preview"].left_out] == ["Period 2027-03"]
    page.post(address("period-create"), form | {"fingerprint": fingerprint(shown)})
    assert AccountingPeriod.objects.count() == 12
    assert "At most 36 months." in page.post(address("period-create"), form | {"count": "400"}).content.decode()
