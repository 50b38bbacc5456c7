"""Files that are no export, or pretend to be one: each gets its sentence, at its line where it has one, whether a page, a
worker or the command reads it; nothing is imported and nothing breaks."""

import html
import io
import re
import uuid
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import Workbook

from config import tasks
from credits.certinia import jobs
from credits.certinia.exporting import tables
from credits.certinia.files import by_object
from credits.certinia.importing import import_export
from credits.forms.certinia import ExportFilesForm
from credits.models import Milestone, Purchase
from ledger.models import JournalEntry
from opportunities.models import Account
from pages.models import Job
from pages.performing import perform
from tests.builders import make_company
from tests.credits.certinia.conftest import HEADERS, MILESTONE, PURCHASE, export_of
from tests.credits.desk import sign_in

pytestmark = pytest.mark.django_db
IMPORT = reverse("credits:certinia-import")
ACCOUNTS = ["A1,Harbour,USD", "A2,Northwind,EUR"]
LOT = "SCP-000001,A1,USD,2026-01-05,2026-01-05,2027-01-04,10,100.00,80.00,false,"
WORK = "MS-000001,Design,A1,Programme,USD,4,2026-03-01,Approved,"
ENCODING = "The line holds a character that is not in UTF-8."
MEGABYTE = 2**20


def table_of(name, *lines, encoding="utf-8"):
    return [(f"{name}.csv", "\n".join([HEADERS[name], *lines, ""]).encode(encoding))]


def sheet_of(name, *rows):
    book = Workbook()
    for row in (HEADERS[name].split(","), *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet_with(part, *contents):
    """A workbook whose one sheet is this text."""
    old, file = zipfile.ZipFile(io.BytesIO(sheet_of("Account", ["A1", "x", "USD"]))), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w") as member:
                for content in contents if name == part else [old.read(name)]:
                    member.write(content)
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "' + b"ha" * 50 + b'">' + b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
) + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">' + (
    b'<c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData></worksheet>'
)  # fmt: skip


def lying(content):
    """An archive whose directory says that its sheet has ten bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    assert content.count(size) == 2
    return content.replace(size, (10).to_bytes(4, "little"))


def bomb(name=SHEET):
    return sheet_with(name, *[bytes(MEGABYTE)] * 301)


def archive_of(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


CASES = {
    "UTF-16 without a mark": (
        lambda: table_of("Account", *ACCOUNTS, encoding="utf-16-le"),
        f"Account.csv, line 1: {ENCODING}",
    ),
    "UTF-16 with a mark": (
        lambda: table_of("Account", *ACCOUNTS, encoding="utf-16"),
        f"Account.csv, line 1: {ENCODING}",
    ),
    "Latin-1": (
        lambda: table_of("Account", "A1,Harbour,USD", "A2,Müller & Söhne,EUR", encoding="latin-1"),
        f"Account.csv, line 3: {ENCODING}",
    ),
    "NUL in a line": (
        lambda: table_of("Account", "A1,Harbour,USD", "A2,No\0rth,EUR"),
        f"Account.csv, line 3: {ENCODING}",
    ),
    "nothing in the file": (
        lambda: [("Account.csv", b"")],
        "Account.csv: The file is empty. Its first line names the columns “AccountNumber”, “Name” and “CurrencyIsoCode”.",
    ),
    "nothing in the workbook": (
        lambda: [("Account.xlsx", sheet_with(SHEET, b'<worksheet xmlns="http://schemas.openxmlformats.org/'
                                             b'spreadsheetml/2006/main"><sheetData/></worksheet>'))],
        "Account.xlsx: The file is empty.",
    ),
    "columns that are missing": (
        lambda: [("Account.csv", b"AccountNumber,Name\nA1,Harbour\n")],
        "Account.csv, line 1: The column “CurrencyIsoCode” is missing.",
    ),
    "a column twice": (
        lambda: [("Account.csv", b"AccountNumber,Name,name,CurrencyIsoCode\nA1,a,b,USD\n")],
        "Account.csv, line 1: The column “Name” is there twice: leave one of them.",
    ),
    "a formula in CSV": (
        lambda: export_of(Account=ACCOUNTS, **{PURCHASE: [LOT.replace(",80.00,", ",=1+1,")]}),
        f"{PURCHASE}.csv, line 2, Amount_Paid_per_Credit__c: “=1+1” is not read as a number:",
    ),
    "a formula in CSV behind an apostrophe": (
        lambda: export_of(Account=ACCOUNTS, **{PURCHASE: [LOT.replace(",80.00,", ",'=1+1,")]}),
        f"{PURCHASE}.csv, line 2, Amount_Paid_per_Credit__c: “=1+1” is not read as a number:",
    ),
    "a formula in XLSX": (
        lambda: [*export_of(Account=ACCOUNTS),
                 (f"{PURCHASE}.xlsx", sheet_of(PURCHASE, [*LOT.split(",")[:8], "=1+1", "false", ""]))],
        f"{PURCHASE}.xlsx, line 2, Amount_Paid_per_Credit__c: Cell I2 holds a formula: put its value in its place.",
    ),
    "one record twice": (  # bugs-to-tests 14 (formancehq/stack#1633): twice in one batch crashed
        lambda: export_of(Account=ACCOUNTS, **{PURCHASE: [LOT, LOT.replace("80.00", "81.00")]}),
        f"{PURCHASE}.csv, line 3, Name: “SCP-000001” is in line 2 and in line 3. Leave one of them.",
    ),
    "a milestone of two accounts": (
        lambda: export_of(Account=ACCOUNTS, **{MILESTONE: [WORK, WORK.replace("A1", "A2")]}),
        f"{MILESTONE}.csv, line 3, Id: “MS-000001” is in line 2 and in line 3. Leave one of them.",
    ),
    "a workbook that unpacks to 301 MB": (
        lambda: [("Account.xlsx", bomb())],
        "Account.xlsx: The workbook is too large when it is unpacked.",
    ),
    "an archive of a table that unpacks to 301 MB": (
        lambda: [("export.zip", archive_of("Account.csv", bytes(301 * MEGABYTE)))],
        "export.zip: The archive is too large when it is unpacked. Split it.",
    ),
    "a workbook that is larger than its directory says": (
        lambda: [("Account.xlsx", lying(sheet_with(SHEET, bytes(3 * MEGABYTE + 777))))],
        "Account.xlsx: The file cannot be read as a workbook.",
    ),
    "a workbook of entities in entities": (
        lambda: [("Account.xlsx", sheet_with(SHEET, LAUGHS))],
        "Account.xlsx: The file cannot be read as a workbook.",
    ),
    "NUL in a workbook": (
        lambda: [("Account.xlsx", sheet_with(SHEET, LAUGHS.replace(b"&a9;", b"No&#0;rth")))],
        "Account.xlsx: The file cannot be read as a workbook.",
    ),
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request):
    made, sentence = CASES[request.param]
    return made(), sentence


@pytest.fixture(autouse=True)
def company(today):
    make_company()


@pytest.fixture
def page(client, monkeypatch):
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: None)
    sign_in(client, "credits.import_certinia", "credits.view_purchase")
    return client


def nothing_is_imported():
    return not any(model.objects.exists() for model in (Account, Purchase, Milestone, JournalEntry))


def told(answer):
    """The words of a page; of what stands against a file, with its place in front as a command would say it."""
    text = answer.content.decode()
    rows = re.findall(r"<tr><td>(.*?)</td><td[^>]*>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", text)
    placed = [
        ", ".join([file, *[f"line {line}"] * (line != "–"), *[column] * (column != "–")]) + f": {sentence}"
        for file, line, column, sentence in rows
    ]
    return html.unescape(" ".join([*placed, re.sub(r"<[^>]+>", " ", text)]))


def brought(page, files):
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    return page.post(IMPORT, {"export": sent, "token": uuid.uuid4()}, follow=True)


def test_the_page_says_it(page, case, monkeypatch):
    files, sentence = case
    monkeypatch.setattr(jobs, "MOST_LINES", 10**9)
    answer = brought(page, files)
    assert sentence in told(answer) and "fingerprint" not in answer.content.decode()
    assert nothing_is_imported()


def test_a_worker_says_it(page, case, monkeypatch):
    files, sentence = case
    monkeypatch.setattr(jobs, "MOST_LINES", -1)
    answer = brought(page, files)
    if (job := Job.objects.first()) is not None:  # else it was refused as it came
        perform(job.pk)
        answer = page.get(job.get_absolute_url())
        assert Job.objects.get().state == "refused"
    assert sentence in told(answer)
    assert nothing_is_imported()


def test_the_command_says_it(case, tmp_path):
    files, sentence = case
    for name, content in files:
        (tmp_path / name).write_bytes(content)
    where = tmp_path / files[0][0] if files[0][0].endswith(".zip") else tmp_path
    with pytest.raises(CommandError) as refusal:
        call_command("import_certinia", str(where))
    assert any(line.startswith(sentence) for line in str(refusal.value).splitlines())
    assert nothing_is_imported()


class Unread(SimpleUploadedFile):
    def read(self, *args):
        raise AssertionError("it is too large to be read")

    chunks = open = read


def test_a_file_of_50_mb_is_refused_by_its_size_before_it_is_read():
    file = Unread("Account.csv", b"x")
    file.size = 50 * MEGABYTE
    form = ExportFilesForm(data={}, files={"export": [file]})
    (sentence,) = form.errors["export"]
    assert sentence.replace("\xa0", " ") == (
        "Together they have 50.0 MB; at most 10.0 MB are taken. Split the export, or have UPLOAD_MAX_MB raised."
    )


def test_a_file_of_50_mb_that_is_sent_is_refused_at_its_field(page):
    answer = brought(page, [("Account.csv", bytes(50 * MEGABYTE))])
    assert "Together they have 50.0 MB" in told(answer).replace("\xa0", " ")
    assert nothing_is_imported()


@pytest.mark.parametrize("where", ["", "Account.csv"])
def test_the_command_refuses_one_of_50_mb_without_reading_it_unless_it_is_told_to_take_more(tmp_path, where, settings):
    with (tmp_path / "Account.csv").open("wb") as file:
        file.truncate(50 * MEGABYTE)
    with pytest.raises(
        CommandError, match=r"Account.csv: The file has 50.0 MB; at most 10 MB are read \(UPLOAD_MAX_MB\)"
    ):
        call_command("import_certinia", str(tmp_path / where))
    settings.UPLOAD_MAX_BYTES = 60 * MEGABYTE
    with pytest.raises(CommandError, match=f"Account.csv, line 1: {ENCODING}"):
        call_command("import_certinia", str(tmp_path / where))


def test_a_text_that_looks_like_a_formula_is_kept_as_a_text():
    """It is never evaluated, and goes out again behind an apostrophe."""
    lot = f"{LOT}=cmd|'/C calc'!A0"
    import_export(by_object(export_of(Account=["A1,=1+1,USD"], **{PURCHASE: [lot]})), actor=None)
    assert (Account.objects.get().name, Purchase.objects.get().description) == ("=1+1", "=cmd|'/C calc'!A0")
    assert list(dict(tables())["Account.csv"])[1] == ["A1", "'=1+1", "USD"]


def test_a_milestone_of_another_account_than_the_stored_one_is_refused(page):
    import_export(by_object(export_of(Account=ACCOUNTS, **{MILESTONE: [WORK]})), actor=None)
    answer = brought(page, export_of(**{MILESTONE: [WORK.replace("A1", "A2")]}))
    assert f"{MILESTONE}.csv, line 2, Account__c: MS-000001 is stored already with “A1”, not with “A2”." in told(answer)
    assert Milestone.objects.get().project.account.number == "A1"
