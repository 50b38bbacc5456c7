"""Prepaid services from a file: under the captions of Business Central, all or nothing, safe twice, and out again."""

import datetime
import io
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from ledger.models import ChangeLogEntry, Dimension, DimensionValue
from pages.imports import FileRefused
from prepaid.models import EntryRequest, PrepaidService, PrepaidSetup
from prepaid.services.import_balances import import_balances
from prepaid.services.import_services import import_services
from tests.builders import make_account
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_service, top_up
from tests.prepaid.test_import_balances import balances

HEADER = "No.,Customer No.,Accrual,Type,Description"
FIELDS = (
    "number",
    "account_id",
    "description",
    "accrual",
    "type",
    "currency_id",
    "unit_of_measure",
    "starts_on",
    "ends_on",
)
MORE = ("closed", "valid_until_formula", "dimension_value")


def cards(*rows, header=HEADER, actor=None):
    content = "\n".join([header, *rows]).encode()
    return import_services(content, file_name="cards.csv", actor=actor)


def refused(*rows, header=HEADER):
    """What stands against a file of these lines; nothing of it is written."""
    before = stored()
    with pytest.raises(FileRefused) as refusal:
        cards(*rows, header=header)
    assert stored() == before
    return [str(problem) for problem in refusal.value.problems]


def stored():
    return list(PrepaidService.objects.order_by("number").values_list(*FIELDS, *MORE))


def workbook(sheets):
    book, file = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return file.getvalue()


def test_every_column_lands_on_its_field(account):
    header = (
        "No.,Customer No.,Customer Name,Description,Accrual,Type,Currency Code,Unit of Measure Code,Start Date,Ending Date,"
        "Closed,Valid until Dateformula,Dimension Value for Prepaid Service,Outstanding Amount (LCY)"
    )
    no = account.number
    imported = cards(
        f"BUDGET-1,{no},Another name,Support,ONE-TIME,amount,EUR,,2026-01-01,2026-12-31,,<1y + cm>,TEAM,77.00",
        f"HOURS-1,{no},,,Periodic,Quantity,,HOUR,,,Yes,,,",
        header=header,
    )
    assert imported.said == "The prepaid services are imported: 2 new."
    start, end = datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)
    assert stored() == [
        ("BUDGET-1", account.pk, "Support", "one_time", "amount", "EUR", "", start, end, False, "1Y+CM", "TEAM"),
        ("HOURS-1", account.pk, "", "periodic", "quantity", None, "HOUR", None, None, True, "", ""),
    ]


def test_the_same_file_again_changes_nothing(account, finance):
    rows = [f"PS-00007,{account.number},One-time,Amount,Support", f"PS-00009,{account.number},Periodic,Amount,"]
    cards(*rows, actor=finance)
    before, logged = stored(), ChangeLogEntry.objects.count()
    again = cards(*rows, actor=finance)
    assert ([each.number for each in again.unchanged], again.new) == (["PS-00007", "PS-00009"], [])
    assert "Nothing is changed" in again.said
    assert (stored(), ChangeLogEntry.objects.count()) == (before, logged)
    change = ChangeLogEntry.objects.filter(action="Import prepaid services").first()
    assert (change.reason, change.actor) == ("From the file cards.csv.", finance)
    assert make_service(account).number == "PS-00010"  # the series goes on behind them


def test_a_stored_card_with_other_values_is_refused_with_what_differs(account):
    other = make_account("Other")
    cards(f"A-1,{account.number},One-time,Amount,Support")
    assert refused(f"A-1,{other.number},Periodic,Amount,Other", f"A-2,{account.number},Sometimes,Amount,New") == [
        f"Line 2, Customer No.: A-1 is stored with “{account.number}”, not “{other.number}”. Correct the file or the card,"
        " or take the line out.",
        "Line 2, Description: A-1 is stored with “Support”, not “Other”. Correct the file or the card, or take the line out.",
        "Line 2, Accrual: A-1 is stored with “One-time”, not “Periodic”. Correct the file or the card, or take the line out.",
        "Line 3, Accrual: “Sometimes” is none of its values: write One-time or Periodic.",
    ]


def test_a_currency_that_the_first_entry_fixed_is_no_difference(account):
    row = f"A-1,{account.number},One-time,Amount,Support,"
    cards(row, header=f"{HEADER},Currency Code")
    top_up(PrepaidService.objects.get(), "100.00")
    assert [each.number for each in cards(row, header=f"{HEADER},Currency Code").unchanged] == ["A-1"]


def test_all_problems_are_told_by_line_and_column(account):
    no = account.number
    told = refused(
        "A-1,C-NOBODY,One-time,Amount,,,,,,",
        f"A-2,{no},sometimes,Amount,,,,,,",
        f"A-2,{no},One-time,Quantity,,,,,,",
        f"A-3,{no},One-time,Amount,,XXX,,,,",
        f"A-4,{no},One-time,Amount,,,,31.12.2026,,",
        f"A-5,{no},One-time,Amount,,,,,1X,",
        f",{no},One-time,Amount,,,,,,perhaps",
        f"{'A' * 21},{no},,Amount,,,,,,",
        header=f"{HEADER},Currency Code,Unit of Measure Code,Starting Date,Valid until Dateformula,Closed",
    )
    assert [problem.split(":")[0] for problem in told] == [
        "Line 2, Customer No.",
        "Line 3, Accrual",
        "Line 4, No.",
        "Line 5, Currency Code",
        "Line 6, Starting Date",
        "Line 7, Valid until Dateformula",
        "Line 8, No.",
        "Line 8, Closed",
        "Line 9, No.",
        "Line 9, Accrual",
    ]
    assert told[1] == "Line 3, Accrual: “sometimes” is none of its values: write One-time or Periodic."
    assert told[2] == "Line 4, No.: A-2 stands in line 3 as well. Leave one of them."


def test_what_no_card_can_say_is_refused_at_its_column(account):
    no = account.number
    assert refused(
        f"A-1,{no},One-time,Quantity,,,,",
        f"A-2,{no},One-time,Amount,,HOUR,,",
        f"A-3,{no},One-time,Amount,,,2026-02-01,2026-01-31",
        header=f"{HEADER},Unit of Measure Code,Starting Date,Ending Date",
    ) == [
        "Line 2, Type: A one-time prepaid service is always an amount. Choose periodic for a quantity.",
        "Line 3, Unit of Measure Code: Only a quantity has a unit of measure.",
        "Line 4, Ending Date: It ends on 31 Jan 2026, before it starts.",
    ]


def test_files_that_cannot_be_read(account):
    assert refused("x", header="No.,Customer No.,Accrual,Typ")[0].startswith("Line 1: No column is called “Typ”")
    with pytest.raises(FileRefused, match="Nothing is imported") as refusal:
        import_services(
            f"{HEADER}\nA-1,{account.number},One-time,Amount,Stück".encode("cp1252"), file_name="x", actor=None
        )
    assert "is not in UTF-8" in str(refusal.value.problems[0])
    rows = [HEADER.split(","), ["A-1", account.number, "One-time", '="Amount"', ""]]
    with pytest.raises(FileRefused) as refusal:
        import_services(workbook({"Sheet1": rows}), file_name="x", actor=None)
    assert str(refusal.value.problems[0]).startswith("Line 2, Type: Cell D2 holds a formula")
    both = f"{HEADER},Start Date,Starting Date"
    assert "are the same column" in refused(f"A-1,{account.number},One-time,Amount,,,", header=both)[0]


def test_a_number_that_is_its_own_dimension_value_becomes_one(account):
    team = Dimension.objects.create(code="PREPAID", name="Prepaid")
    PrepaidSetup.objects.update(dimension=team)
    header = f"{HEADER},Dimension Value"
    cards(f"A-1,{account.number},One-time,Amount,,A-1", f"A-2,{account.number},One-time,Amount,,", header=header)
    assert list(DimensionValue.objects.values_list("code", flat=True)) == ["A-1", "A-2"]
    cards(f"A-1,{account.number},One-time,Amount,,A-1", f"A-2,{account.number},One-time,Amount,,", header=header)
    assert refused(f"A-3,{account.number},One-time,Amount,,TEAM", header=header)[0].startswith(
        "Line 2, Dimension Value"
    )


def test_the_page_shows_the_lines_then_imports_them(account):
    page, url = signed_in("sales"), reverse("prepaid:service-import")
    assert "Customer No." in page.get(url).content.decode()
    content = f"{HEADER}\nA-1,{account.number},One-time,Amount,Support".encode()
    review = page.post(url, {"file": SimpleUploadedFile("cards.csv", content)})["Location"]
    shown = page.get(review).content.decode()
    assert "Import 1 prepaid service" in shown and "One-time, amount" in shown
    assert not PrepaidService.objects.exists()
    seen = re.search(r'name="fingerprint"[^>]*value="([^"]*)"', shown)[1]
    page.post(review, {"fingerprint": seen, "submission": uuid.uuid4()})
    assert PrepaidService.objects.get().number == "A-1"
    assert "is stored already with the same card" in page.get(review).content.decode()


def test_the_list_leads_to_what_one_may(service):
    url = reverse("prepaid:service-list")
    seen = {role: signed_in(role).get(url).content.decode() for role in ("sales", "finance", "viewer")}
    may = {role: [reverse(f"prepaid:{name}") in html for name in ("service-import", "balance-import", "service-export")]
           for role, html in seen.items()}  # fmt: skip
    assert may == {"sales": [True, False, True], "finance": [True, True, True], "viewer": [False, False, True]}


def test_what_is_exported_is_imported_unchanged(account, finance):
    make_service(account, description="=SUM(A1)", valid_until_formula="CY", starts_on=datetime.date(2026, 1, 1))
    make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR")
    import_balances(
        balances(
            "PS-00001,2026-11-01,OB-1,1234.56,,2026-12-31,PREPAID,1000,", "PS-00002,2026-11-02,OB-2,,7.25,,,,Hours"
        ),
        file_name="old.csv",
        actor=finance,
    )
    spare = make_service(account)
    PrepaidService.objects.filter(pk=spare.pk).update(closed=True)
    content = b"".join(signed_in("viewer").get(reverse("prepaid:service-export")).streaming_content)
    before, opened = stored(), EntryRequest.objects.values("posted_on", "amount", "quantity", "valid_until", "reason")
    told = list(opened.order_by("pk"))
    assert load_workbook(io.BytesIO(content)).sheetnames == ["Prepaid Services", "Opening Balances"]
    assert import_services(content, file_name="x", actor=finance).new == []
    assert import_balances(content, file_name="x", actor=finance).new == []
    assert (stored(), list(opened.order_by("pk"))) == (before, told)


def test_cards_that_are_exported_are_the_same_in_a_company_that_has_none(account, finance):
    PrepaidSetup.objects.update(dimension=Dimension.objects.create(code="PREPAID", name="Prepaid"))
    make_service(account, description="=SUM(A1)", valid_until_formula="1M+CM", starts_on=datetime.date(2026, 1, 1))
    hours = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR")
    PrepaidService.objects.filter(pk=hours.pk).update(closed=True)
    content = b"".join(signed_in("viewer").get(reverse("prepaid:service-export")).streaming_content)
    before = stored()
    PrepaidService.objects.all().delete()
    PrepaidSetup.objects.update(dimension=Dimension.objects.create(code="NEW", name="Prepaid, in the new company"))
    assert len(import_services(content, file_name="x", actor=finance).new) == 2
    assert stored() == before and len(before) == 2
