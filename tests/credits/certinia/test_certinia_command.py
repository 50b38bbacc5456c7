"""The company of the export, imported, allocated, completed and run through the night, to the cent in both currencies."""

import datetime
import json
import shutil

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from credits.models import Completion, CreditsSetup, Milestone, Purchase
from ledger.models import ChangeLogEntry, ExchangeRate, JournalEntry, LedgerSetup, NumberSeries
from opportunities.models import Account, Project
from tests.builders import make_account, make_company, make_purchase, trial_balance
from tests.credits.certinia.conftest import EXPORT, PURCHASE, TODAY, rows_of

pytestmark = pytest.mark.django_db
COUNTED = (Account, Project, Purchase, Milestone, ExchangeRate, JournalEntry, ChangeLogEntry, LedgerSetup, CreditsSetup)


def settled(folder=EXPORT, capsys=None):
    call_command("import_certinia", str(folder), "--settle", "2026-11-24", "--json")
    return json.loads(capsys.readouterr().out)


def counts():
    return [model.objects.count() for model in COUNTED]


def refused(folder, *options):
    """What stands against the folder; nothing is made, not even the company."""
    before = counts()
    with pytest.raises(CommandError) as refusal:
        call_command("import_certinia", str(folder), *options)
    assert (counts(), refusal.value.returncode) == (before, 1)
    return str(refusal.value).splitlines()


@pytest.fixture
def copied(tmp_path):
    for file in EXPORT.glob("*.csv"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path


@pytest.mark.parametrize("now", ["2026-11-24", "2027-03-01"])
def test_both_expected_files_match_to_the_cent_whatever_day_it_is_run(now, capsys, time_machine):
    time_machine.move_to(datetime.datetime.fromisoformat(f"{now}T12:00+00:00"))
    found = settled(capsys=capsys)
    assert found["balances"] == rows_of("expected-balances")
    assert found["allocations"] == rows_of("expected-allocations")
    call_command("check_books")
    assert capsys.readouterr().out == "The books agree.\n"


def test_settling_twice_changes_nothing(capsys, today):
    first, books, stored = settled(capsys=capsys), trial_balance(), counts()
    assert settled(capsys=capsys) == first
    assert (trial_balance(), counts()) == (books, stored)


@pytest.mark.django_db(transaction=True)
def test_the_events_of_an_import_make_the_same_books_again(capsys, today):
    settled(capsys=capsys)
    call_command("replay")
    assert "make the same books: 320 lots" in capsys.readouterr().out


def test_an_empty_database_gets_a_company_in_the_currency_of_the_rates_and_says_so(capsys, today):
    call_command("import_certinia", str(EXPORT))
    assert capsys.readouterr().out.splitlines() == [
        "Set up with the default chart: Imported company, USD, UTC.",
        "Imported: 36 exchange rates, 40 accounts, 320 purchases, 220 milestones.",
    ]
    assert LedgerSetup.objects.get().lcy_id == "USD"
    assert Purchase.objects.filter(draft=True).count() == 24


def test_another_company_is_only_added_to(capsys, today):
    make_company()
    NumberSeries.objects.create(code="SCP", prefix="LOT-", description="Lots")
    lot = make_purchase(make_account(currency="USD"), number_of_credits=3)
    before = Purchase.objects.filter(pk=lot.pk).values().get()
    found = settled(capsys=capsys)
    others = [row for row in found["balances"] if row["account"] != lot.account.number]
    assert (others, found["allocations"]) == (rows_of("expected-balances"), rows_of("expected-allocations"))
    assert Purchase.objects.filter(pk=lot.pk).values().get() == before


def test_a_claimed_date_stays_until_the_milestone_is_completed(capsys, today):
    settled(capsys=capsys)
    short = {row["milestone"] for row in rows_of("expected-allocations") if row["result"] == "short"}
    claimed = {row["Id"] for row in rows_of("Milestone__c") if row["Actual_Date__c"]}
    open_ = set(Milestone.objects.filter(claimed_on=TODAY).values_list("number", flat=True))
    assert open_ == claimed & short
    assert Completion.objects.filter(earned_on=TODAY).count() == len(claimed - short)


def test_every_bad_line_is_refused_for_its_own_reason_and_nothing_is_imported(copied, today):
    shutil.move(copied / "bad-purchases.csv", copied / f"{PURCHASE}.csv")
    start = f"{PURCHASE}.csv, line"
    day = "is not read as a date: write year, month and day, as in 2026-11-24."
    value, paid, number = ("Internal_Value_per_Credit__c", "Amount_Paid_per_Credit__c", "Number_of_Services_Credits__c")
    point = "write a point before the decimals and nothing between thousands, as in 1234.56."
    reasons = [
        "2, Account__c: “A99999” is not known. There is no account of that number, and Account.csv does not bring it.",
        "3, CurrencyIsoCode: “XXQ” is not known. The code of a currency has three capital letters, as in USD; is it set up?",
        "4, Expiry_Date__c: The expiry date 4 Jan 2026 is before the start date 5 Jan 2026.",
        f"5, {number}: 0 services credits: a purchase has at least one.",
        f"6, {number}: “2.5” is not a whole number: credits are whole.",
        f"7, {value}: The value per credit -1.00 is below zero; 0 is free.",
        f"8, {paid}: The amount paid per credit -0.01 is below zero; 0 is free.",
        f"9, {value}: “100.005” has 3 decimals: round it to at most 2.",
        f"10, {value}: “100.50” has 1 decimals: round it to at most 0.",
        f"11, CreatedDate: “2026-02-30” {day}",
        f"11, Start_Date__c: “2026-02-30” {day}",
        f"12, {value}: The cell is empty: enter a number, as in 1.09.",
        "13, CreatedDate: There is no exchange rate for GBP on 5 Jan 2019. Enter one that starts on or before that day.",
        f"14, {number}: “1000000000000000000000” is too large: at most 18 digits stand before the point.",
        f"15, {value}: “=1+1” is not read as a number: {point}",
        "16, Account__c: The cell is empty: enter the number of the account.",
        "17, Draft__c: “maybe” is neither true nor false.",
    ]
    assert refused(copied, "--settle", "2026-11-24", "--json") == [
        "Nothing is imported. Correct these 17 things in the file, then bring it again.",
        *(f"{start} {reason}" for reason in reasons),
    ]


def test_one_bad_line_among_the_good_ones_leaves_nothing_behind(copied, today):
    with (copied / f"{PURCHASE}.csv").open("a") as file:
        file.write("SCP-000999,A10001,USD,2026-01-05,2026-01-05,2027-01-04,0,100.00,80.00,false,\n")
    assert refused(copied)[1].startswith(f"{PURCHASE}.csv, line 322, Number_of_Services_Credits__c: 0 services credits")


def test_what_cannot_be_read_is_refused(copied, today, settings):
    assert refused(copied / "none")[0].endswith("cannot be read: No such file or directory.")
    settings.UPLOAD_MAX_BYTES = 20_000
    assert "Milestone__c.csv: The file has 0.0 MB; at most" in refused(copied)[1]


def test_without_rates_the_own_currency_has_to_be_said(copied, today, capsys):
    (copied / "exchange-rates.csv").unlink()
    assert refused(copied) == ["The company has no setup and the export has no exchange rates: give its --lcy."]
    assert "no exchange rate for" in refused(copied, "--lcy", "USD")[1]


def test_rates_in_another_currency_than_the_company_s_are_refused(today):
    make_company(lcy="EUR")
    assert [each for each in refused(EXPORT)[1:] if "rate_to" not in each] == []


def test_what_is_exported_is_found_unchanged_and_makes_the_same_company_anew(capsys, today, tmp_path):
    found = settled(capsys=capsys)
    call_command("export_certinia", str(tmp_path / "out"))
    call_command("import_certinia", str(tmp_path / "out"))
    assert capsys.readouterr().out.splitlines()[1:] == ["Nothing is changed: 616 lines said what is stored already."]
    empty_the_database()
    assert settled(tmp_path / "out", capsys) == found


def empty_the_database():
    """As a new one, for one transaction."""
    tables = [
        name for name in connection.introspection.table_names() if name.startswith(("credits_", "ledger_", "opp"))
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        cursor.execute("SET LOCAL session_replication_role = origin")
