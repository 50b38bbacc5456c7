"""What stands against single lines: twice in one file, other content under a stored name, what is no cell of a table."""

import datetime
import io
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from credits.certinia.files import by_object, packed, unpacked
from credits.certinia.importing import import_export
from credits.models import Milestone, Purchase
from credits.models.milestones import Status
from credits.services.purchases import create_purchase
from ledger.models import ChangeLogEntry, JournalEntry, JournalLine, LedgerAccount, LedgerSetup, PostingSetup
from opportunities.models import Account, Project
from pages.imports import FileRefused
from tests.builders import make_company, make_purchase, make_rate, make_terms, make_user
from tests.credits.certinia.conftest import EXPORT, HEADERS, MILESTONE, PURCHASE, export_of, rows_of

pytestmark = pytest.mark.django_db
ACCOUNTS = ["A1,Harbour,USD", "A2,Northwind,EUR"]
LOT = "SCP-000001,A1,USD,2026-01-05,2026-01-05,2027-01-04,10,100.00,80.00,false,"
KEPT = "An import changes nothing that is stored: take the line out, or correct one of the two by hand."
WORK = "MS-000001,Design,A1,Programme,USD,4,2026-03-01,Approved,2026-02-28"


@pytest.fixture(autouse=True)
def company(db, today):
    make_company()


def imported(files=None, **lines):
    return import_export(by_object(files or export_of(**lines)), actor=None)


def refused(files=None, **lines):
    before = [model.objects.count() for model in (Account, Project, Purchase, Milestone, JournalEntry)]
    with pytest.raises(FileRefused) as refusal:
        imported(files, **lines)
    assert [model.objects.count() for model in (Account, Project, Purchase, Milestone, JournalEntry)] == before
    return [str(problem) for problem in refusal.value.problems]


def test_one_record_in_two_lines_names_both_even_where_they_say_the_same():
    found = refused(
        Account=[*ACCOUNTS, "A1,Harbour,USD"], Services_Credits_Purchase__c=[LOT, LOT], Milestone__c=[WORK, WORK]
    )
    assert found == [
        "Account.csv, line 4, AccountNumber: “A1” is in line 2 and in line 4. Leave one of them.",
        f"{MILESTONE}.csv, line 3, Id: “MS-000001” is in line 2 and in line 3. Leave one of them.",
        f"{PURCHASE}.csv, line 3, Name: “SCP-000001” is in line 2 and in line 3. Leave one of them.",
    ]


def test_the_same_name_with_other_content_is_refused_in_each_column_that_differs():
    """Purchase, number: an import refuses the same name with other content, by line."""
    imported(Account=ACCOUNTS, Services_Credits_Purchase__c=[LOT], Milestone__c=[WORK])
    lot = f"{PURCHASE}.csv, line 2"
    assert refused(
        Account=["A1,Harbor,USD"],
        Services_Credits_Purchase__c=[LOT.replace("80.00", "80.01").replace("2027-01-04", "2027-01-05")],
        Milestone__c=[WORK.replace("A1", "A2")],
    ) == [
        f"Account.csv, line 2, Name: A1 is stored already with “Harbour”, not with “Harbor”. {KEPT}",
        f"{MILESTONE}.csv, line 2, Account__c: MS-000001 is stored already with “A1”, not with “A2”. {KEPT}",
        f"{lot}, Expiry_Date__c: SCP-000001 is stored already with 2027-01-04, not with 2027-01-05. {KEPT}",
        f"{lot}, Amount_Paid_per_Credit__c: SCP-000001 is stored already with 80, not with 80.01. {KEPT}",
    ]


def test_a_rate_that_is_stored_otherwise_is_refused():
    make_rate("EUR", "1.09", starting_on=datetime.date(2026, 1, 1))
    found = refused(rates=["EUR,2026-01-01,1.1"])
    assert found[0].startswith(
        "exchange-rates.csv, line 2, rate_to_usd: EUR has the rate 1.09 from 1 Jan 2026, not 1.1. An import changes nothing"
    )


def test_a_wrong_encoding_is_refused_by_file_and_line():
    files = [("Account.csv", f"{HEADERS['Account']}\nA1,Café,USD\n".encode("latin-1"))]
    assert refused(files)[0].startswith("Account.csv, line 2: The line holds a character that is not in UTF-8.")


def test_a_milestone_is_not_completed_tomorrow_nor_when_it_is_canceled():
    found = refused(
        Account=ACCOUNTS,
        Milestone__c=[
            WORK.replace("2026-02-28", "2026-11-25"),
            WORK.replace("Approved", "Canceled").replace("01,D", "02,D"),
        ],
    )
    assert [each.split(": ")[1] for each in found] == [
        "The actual date 25 Nov 2026 is in the future",
        "The milestone is canceled and was not completed on 28 Feb 2026. Leave one of the two.",
    ]


def test_what_confirming_would_refuse_is_refused_by_line():
    LedgerSetup.objects.update(posting_to=datetime.date(2026, 6, 30))
    found = refused(
        Account=ACCOUNTS,
        Services_Credits_Purchase__c=[
            LOT.replace("2026-01-05,2027", ",2027"),
            LOT.replace("2026-01-05", "2026-11-25", 1).replace("001", "002", 1),
            LOT.replace("2026-01-05", "2026-07-01", 1).replace("001", "003", 1),
        ],
    )
    start = f"{PURCHASE}.csv, line"
    assert found == [
        f"{start} 2, Start_Date__c: A purchase needs its start date before its credits can be used.",
        f"{start} 3, CreatedDate: The purchase is dated 25 Nov 2026, after today. Keep it as a draft until that day.",
        f"{start} 4, CreatedDate: Posting is allowed to 30 Jun 2026, not on 1 Jul 2026. The general ledger setup says so.",
    ]


def test_a_blocked_account_or_combination_of_the_books_is_refused_where_the_customer_stands():
    LedgerAccount.objects.filter(code="2400").update(blocked=True)
    assert "Account__c: Ledger account 2400" in refused(Account=ACCOUNTS, Services_Credits_Purchase__c=[LOT])[0]
    PostingSetup.objects.update(blocked=True)
    assert refused(Account=ACCOUNTS) == [
        "Account.csv: No business posting group can sell services credits: fill in the posting setup first."
    ]


def test_a_draft_needs_neither_dates_nor_a_rate_and_posts_nothing():
    draft = "SCP-000001,A2,EUR,2026-01-05,,,10,100.00,80.00,true,"
    imported(Account=ACCOUNTS, Services_Credits_Purchase__c=[draft])
    lot = Purchase.objects.get()
    assert (lot.draft, lot.starts_on, lot.confirmations, JournalEntry.objects.count()) == (True, None, 0, 0)


def test_what_is_posted_is_what_confirming_by_hand_posts():
    make_rate("EUR", "1.0927")
    sam = make_user("sam")
    lines = [
        LOT,
        "SCP-000002,A2,EUR,2026-02-05,2026-02-05,2027-01-04,1234567,100.00,80.01,false,",
        LOT.replace("80.00", "0"),
    ]
    lines[2] = lines[2].replace("001", "003", 1)
    import_export(by_object(export_of(Account=ACCOUNTS, Services_Credits_Purchase__c=lines)), actor=sam)
    for lot in Purchase.objects.order_by("number"):
        terms = make_terms(
            lot.account,
            **{name: getattr(lot, name) for name in ("purchased_on", "starts_on", "expires_on", "number_of_credits",
                                                     "value_per_credit", "amount_paid_per_credit")},
            currency=lot.currency_id,
        )  # fmt: skip
        by_hand = create_purchase(terms, actor=sam)
        assert posted(lot) == posted(by_hand)
        assert fixed(lot) == fixed(by_hand)
        assert by_hand.number > "SCP-000003"


def posted(lot):
    entries = JournalEntry.objects.filter(event_key=f"purchase:{lot.pk}:confirm:1")
    lines = JournalLine.objects.filter(entry__in=entries).order_by("line_no")
    head = ("kind", "posting_date", "effective_on", "currency", "line_count", "created_by", "reason")
    body = (
        "line_no",
        "account",
        "product_group",
        "currency",
        "debit",
        "credit",
        "debit_lcy",
        "credit_lcy",
        "party",
        "dimensions",
    )
    descriptions = [entry.description.replace(lot.number, "") for entry in entries]
    lots = {line.lot.replace(str(lot.pk), "") for line in lines}
    return list(entries.values_list(*head)), list(lines.values_list(*body)), descriptions, lots


def fixed(lot):
    names = (
        "draft",
        "confirmations",
        "business_group",
        "deferral_account",
        "exchange_rate",
        "paid_total_lcy",
        "dimensions",
    )
    return Purchase.objects.values_list(*names).get(pk=lot.pk)


def test_the_same_again_changes_nothing_and_new_lines_are_added():
    lines = {"Account": ACCOUNTS, "Services_Credits_Purchase__c": [LOT], "Milestone__c": [WORK]}
    assert imported(**lines).said == "Imported: 2 accounts, 1 purchase, 1 milestone."
    assert imported(**lines).said == "Nothing is changed: 4 lines said what is stored already."
    more = LOT.replace("001", "002", 1)
    assert imported(Services_Credits_Purchase__c=[LOT, more]).said == (
        "Imported: 1 purchase. 1 line said what is stored already."
    )


def test_every_change_is_signed_with_the_files_it_came_from():
    imported(Account=ACCOUNTS)
    signed = ChangeLogEntry.objects.filter(table="opportunities_account")
    assert set(signed.values_list("action", "reason")) == {("Import data export", "From Account.csv.")}


def test_milestones_share_the_project_of_their_account_name_and_currency():
    others = [WORK.replace("01,D", f"0{n},D") for n in (2, 3)]
    imported(Account=ACCOUNTS, Milestone__c=[WORK, others[0], others[1].replace("USD", "EUR")])
    assert list(Project.objects.order_by("number").values_list("name", "currency", "account__number")) == [
        ("Programme", "EUR", "A1"),
        ("Programme", "USD", "A1"),
    ]
    milestone = Milestone.objects.get(number="MS-000001")
    assert (milestone.status, milestone.claimed_on, milestone.actual_on) == (
        Status.APPROVED, datetime.date(2026, 2, 28), None,
    )  # fmt: skip


def test_an_instant_is_a_day_of_the_company():
    LedgerSetup.objects.update(time_zone="Asia/Tokyo")
    imported(Account=ACCOUNTS, Services_Credits_Purchase__c=[LOT.replace("2026-01-05", "2026-01-05T15:30:00.000Z", 1)])
    assert Purchase.objects.get().purchased_on == datetime.date(2026, 1, 6)


def workbook(formula=False):
    book = Workbook()
    book.remove(book.active)
    for name in ("Account", PURCHASE, MILESTONE, "exchange-rates", "Notes"):
        sheet = book.create_sheet(name)
        rows = rows_of(name) if name != "Notes" else [{"x": "y"}]
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append([as_cell(value) for value in row.values()])
    if formula:
        book[PURCHASE]["I5"] = "=1+1"
    file = io.BytesIO()
    book.save(file)
    return [("company.xlsx", file.getvalue())]


def as_cell(text):
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text, text or None)


def test_a_workbook_with_a_sheet_for_each_object_says_the_same_as_the_files():
    counts = imported(workbook()).counts
    assert counts == "36 exchange rates, 40 accounts, 320 purchases, 220 milestones"
    names = ("Account", PURCHASE, MILESTONE, "exchange-rates")
    assert imported([(f"{name}.csv", (EXPORT / f"{name}.csv").read_bytes()) for name in names]).unchanged == 616


def test_a_formula_is_refused_by_sheet_and_cell():
    assert refused(workbook(formula=True)) == [
        f"company.xlsx, {PURCHASE}, line 5, Amount_Paid_per_Credit__c: Cell I5 holds a formula: put its value in its place."
    ]


def test_an_archive_of_the_files_is_opened_and_what_has_another_name_is_passed_over():
    files = [*export_of(Account=ACCOUNTS), ("bad-purchases.csv", b"Name\nx\n")]
    assert imported([("export.zip", packed(files))]).counts == "2 accounts"
    assert unpacked(packed(files)) == files
    assert refused([("bad-purchases.csv", b"Name\nx\n")])[0].startswith("There is nothing to import")
    assert refused([("export.zip", b"PK\x03\x04broken")])[0].startswith("export.zip: The archive cannot be opened")
    twice = [*files, ("Account.xlsx", b"")]
    assert refused(twice) == ["Account.xlsx and Account.csv are both about Account. Leave one of them."]


def test_columns_of_other_names_are_passed_over_and_named():
    files = [("Account.csv", b"OwnerId,AccountNumber,Name,CurrencyIsoCode\n005,A1,Harbour,USD\n")]
    assert imported(files).parts[0].passed_over == ["OwnerId"]
    assert Account.objects.get().name == "Harbour"


def test_statements_do_not_follow_the_lines():
    def statements(first, count):
        lots = [LOT.replace("SCP-000001", f"LOT-{n:06d}") for n in range(first, first + count)]
        work = [WORK.replace("MS-000001", f"M-{n:06d}") for n in range(first, first + count)]
        accounts = [f"C{n},Customer,USD" for n in range(first, first + count)]
        with CaptureQueriesContext(connection) as seen:
            imported(Account=[*accounts, ACCOUNTS[0]], Services_Credits_Purchase__c=lots, Milestone__c=work)
        return len(seen)

    statements(0, 1)  # makes the number series
    assert statements(10, 2) == statements(100, 200)


def test_a_stored_text_is_compared_as_an_export_writes_it():
    imported(Account=ACCOUNTS)
    Account.objects.filter(number="A1").update(name=" Harbour ")
    assert imported(Account=ACCOUNTS).unchanged == 2


def test_lots_by_hand_go_on_after_the_numbers_of_the_import():
    imported(Account=ACCOUNTS, Services_Credits_Purchase__c=[LOT.replace("000001", "000041")])
    assert make_purchase(Account.objects.get(number="A1")).number == "SCP-000042"
    assert Purchase.objects.get(number="SCP-000041").amount_paid_per_credit == Decimal(80)


def test_the_database_refuses_a_claim_on_a_milestone_that_is_completed():
    imported(Account=ACCOUNTS, Milestone__c=[WORK.replace("USD,4", "USD,")])
    with (
        pytest.raises(IntegrityError, match="milestone_claims_until_it_is_completed"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE credits_milestone SET actual_on = claimed_on")
