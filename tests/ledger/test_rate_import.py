"""Exchange rates from a file: all or nothing, what was shown is what happens, twice the same changes nothing."""

import datetime
import io
import re
import threading
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from ledger.exceptions import MissingSetup
from ledger.models import ChangeLogEntry, ExchangeRate, LedgerSetup
from ledger.services import rate_import
from ledger.services.rates import rate_on
from pages.imports import FileRefused
from pages.models import Upload
from tests.builders import make_rate, make_user

pytestmark = pytest.mark.django_db
HEADER = "Currency,Starting date,LCY per unit\n"
FILE = f"{HEADER}EUR,2026-11-01,1.09\nGBP,2026-11-01,1.2711\nGBP,2026-12-01,1.28\n".encode()
STORED = [("EUR", "2026-11-01", "1.09"), ("GBP", "2026-11-01", "1.2711"), ("GBP", "2026-12-01", "1.28")]
IMPORT = reverse("ledger:rate-import")
LIST = reverse("ledger:rate-list")


@pytest.fixture(autouse=True)
def books(company):
    """A company whose own currency is USD."""


@pytest.fixture
def page(signed_in):
    return signed_in("ledger.view_exchangerate", "ledger.add_exchangerate", "ledger.change_exchangerate")


def stored():
    rates = ExchangeRate.objects.order_by("currency", "starting_on")
    return [(rate.currency_id, str(rate.starting_on), f"{rate.rate.normalize():f}") for rate in rates]


def make_stored(code, day, rate):
    return make_rate(code, rate, starting_on=datetime.date.fromisoformat(day))


def import_rates(content):
    return rate_import.import_rates(content, file_name="rates.csv", actor=None)


def lines(imported):
    return [[each.line for each in kind] for kind in (imported.new, imported.corrected, imported.unchanged)]


def refused(*rows):
    """What stands against a file of these lines; nothing of it is written."""
    before = stored()
    with pytest.raises(FileRefused) as refusal:
        import_rates((HEADER + "\n".join(rows)).encode())
    assert stored() == before
    return [str(problem) for problem in refusal.value.problems]


def test_rates_are_entered_corrected_and_left_by_currency_and_day():
    make_stored("EUR", "2026-11-01", "1.09")
    make_stored("GBP", "2026-11-01", "1.2")
    make_stored("GBP", "2026-10-01", "1.25")
    imported = import_rates(FILE)
    assert lines(imported) == [[4], [3], [2]]
    assert (imported.corrected[0].before, imported.corrected[0].rate) == (Decimal("1.2"), Decimal("1.2711"))
    assert imported.said == "The rates are imported: 1 new, 1 corrected, 1 unchanged."
    assert stored() == [STORED[0], ("GBP", "2026-10-01", "1.25"), *STORED[1:]]


def test_postings_take_an_imported_rate_from_its_day_on(company):
    import_rates(FILE)
    pound = ExchangeRate.objects.filter(currency="GBP").first().currency
    assert rate_on(pound, datetime.date(2026, 11, 30)) == Decimal("1.2711")
    assert rate_on(pound, datetime.date(2026, 12, 1)) == Decimal("1.28")


def test_the_same_file_again_changes_nothing_and_says_so():
    import_rates(FILE)
    keys = list(ExchangeRate.objects.values_list("pk", flat=True))
    again = import_rates(FILE)
    assert lines(again) == [[], [], [2, 3, 4]]
    assert again.said == "Nothing is changed: all that the file says is stored already."
    assert list(ExchangeRate.objects.values_list("pk", flat=True)) == keys
    assert stored() == STORED


def test_a_correction_keeps_the_row():
    rate = make_stored("EUR", "2026-11-01", "1.08")
    import_rates(FILE)
    rate.refresh_from_db()
    assert rate.rate == Decimal("1.09")


def test_everything_that_stands_against_a_file_is_told_by_line_and_column():
    number = "write a point before the decimals and nothing between thousands, as in"
    assert refused(
        "GBP,2026-11-01,1.2711",
        "USD,2026-11-01,1",
        "XYZ,2026-11-01,1.5",
        "gbp,2026-11-02,1.5",
        ",,",
        'GBP,,"1,09"',
        "GBP,1.11.2026,0",
        ",2026-11-04,-1",
        "GBP,2026-11-05,1.1234567890123",
        "GBP,2026-11-06,1234567890123",
    ) == [
        "Line 3, Currency: USD is the company's own currency: its rate is always 1. Take the line out.",
        "Line 4, Currency: There is no currency “XYZ”. Its code has three capital letters, as in USD; is it set up?",
        "Line 5, Currency: There is no currency “gbp”. Its code has three capital letters, as in USD; is it set up?",
        "Line 7, Starting date: The cell is empty: enter a date, as in 2026-11-24.",
        f"Line 7, LCY per unit: “1,09” is not read as a number: {number} 1.09.",
        "Line 8, Starting date: “1.11.2026” is not read as a date: write year, month and day, as in 2026-11-24.",
        "Line 8, LCY per unit: 0 is not above zero. Enter what one unit is worth in the company's own currency.",
        "Line 9, Currency: The cell is empty: enter the code of a currency, as in USD.",
        "Line 9, LCY per unit: -1 is not above zero. Enter what one unit is worth in the company's own currency.",
        "Line 10, LCY per unit: “1.1234567890123” has 13 decimals: round it to at most 12.",
        "Line 11, LCY per unit: “1234567890123” is too large: at most 12 digits stand before the point.",
    ]


def test_one_day_of_a_currency_twice_is_refused_naming_both_lines_even_with_one_rate():
    assert refused("GBP,2026-11-01,1.2", "EUR,2026-11-01,1.1", "GBP,2026-11-01,1.2", "GBP,2026-11-01,x")[0] == (
        "Line 4, Starting date: GBP has a rate from 1 Nov 2026 in line 2 and in line 4. Leave one of them."
    )


def test_a_decimal_comma_between_commas_is_refused_with_what_it_is():
    assert refused("GBP,2026-11-01,1,09") == [
        "Line 2: “09” stands in no column. A decimal comma would do that: numbers have a point."
    ]


def test_semicolons_and_workbooks_say_the_same_as_commas():
    import_rates(FILE)
    assert lines(import_rates(FILE.replace(b",", b";"))) == [[], [], [2, 3, 4]]
    book = Workbook()
    book.active.append(["LCY per unit", "Currency", "Starting date"])
    book.active.append([1.2711, "GBP", datetime.datetime(2026, 11, 1)])
    assert lines(import_rates(content_of(book))) == [[], [], [2]]


def test_a_formula_is_refused_even_where_it_shows_a_number():
    book = Workbook()
    book.active.append(["Currency", "Starting date", "LCY per unit"])
    book.active.append(["GBP", datetime.date(2026, 11, 1), "=1+0.27"])
    with pytest.raises(FileRefused) as refusal:
        import_rates(content_of(book))
    assert [str(problem) for problem in refusal.value.problems] == [
        "Line 2, LCY per unit: Cell C2 holds a formula: put its value in its place."
    ]


def content_of(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_exported_list_is_imported_unchanged(page, kind):
    for code, day, rate in [
        *STORED,
        ("JPY", "2026-01-01", "0.000000000001"),
        ("EUR", "2026-01-02", "12345678.123456789012"),
    ]:
        make_stored(code, day, rate)
    exported = b"".join(page.get(LIST, {"export": kind}).streaming_content)
    imported = import_rates(exported)
    assert (imported.written, len(imported.unchanged)) == ([], 5)
    before = stored()
    ExchangeRate.objects.all().delete()
    import_rates(exported)
    assert stored() == before


def test_ten_thousand_rates_take_as_many_statements_as_ten():
    def statements(count, rate):
        first = datetime.date(1990, 1, 1)
        rows = (f"GBP,{first + datetime.timedelta(days=day)},{rate}\n" for day in range(count))
        with CaptureQueriesContext(connection) as queries:
            import_rates((HEADER + "".join(rows)).encode())
        return len(queries)

    few = statements(10, "1.2")
    assert statements(10_000, "1.3") == few
    assert ExchangeRate.objects.filter(rate="1.3").count() == 10_000


def test_without_a_setup_no_rate_is_imported(company):
    LedgerSetup.objects.all().delete()
    with pytest.raises(MissingSetup):
        import_rates(FILE)


@pytest.mark.django_db(transaction=True)
def test_who_enters_a_rate_meanwhile_waits_and_who_posts_does_not():
    done, waited = threading.Event(), []

    def enter():
        make_stored("GBP", "2027-01-01", "1.3")
        done.set()
        connections.close_all()

    def look():
        waited.append(ExchangeRate.objects.filter(currency="GBP").count())
        connections.close_all()

    threads = [threading.Thread(target=each) for each in (enter, look)]
    with transaction.atomic():
        import_rates(FILE)
        for thread in threads:
            thread.start()
        threads[1].join(10)
        assert waited == [0]
        assert not done.wait(0.5)
    threads[0].join(10)
    assert done.is_set()
    assert len(stored()) == 4


# The pages


def bring(page, content=FILE, name="rates.csv", **more):
    return page.post(IMPORT, {"file": SimpleUploadedFile(name, content), "token": str(uuid.uuid4())}, **more)


def hidden(response, name):
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode()).group(1)


def confirm(page, shown, **more):
    sent = {"fingerprint": hidden(shown, "fingerprint"), "token": hidden(shown, "token")}
    return page.post(shown.request["PATH_INFO"], sent, **more)


def test_a_file_is_kept_shown_and_imported_once(page):
    make_stored("EUR", "2026-11-01", "1.09")
    make_stored("GBP", "2026-11-01", "1.2")
    shown = bring(page, follow=True)
    preview = shown.context["preview"]
    assert [(row.label, row.before, row.after, row.note) for row in preview.changes] == [
        ("GBP from 1 Nov 2026", "1.2", "1.2711", "line 3"),
        ("GBP from 1 Dec 2026", "", "1.28", "line 4"),
    ]
    assert [(row.label, row.reason) for row in preview.left_out] == [
        ("EUR from 1 Nov 2026", "1.09 is stored already (line 2)")
    ]
    assert preview.confirm_label == "Import 2 rates"
    assert len(stored()) == 2
    answer, second = confirm(page, shown, follow=True), confirm(page, shown)
    assert (answer.redirect_chain, second.url) == ([(LIST, 302)], LIST)
    assert "The rates are imported: 1 new, 1 corrected, 1 unchanged." in answer.content.decode()
    assert stored() == STORED
    logged = ChangeLogEntry.objects.filter(table="ledger_exchangerate", action="Import exchange rates")
    assert sorted(logged.values_list("kind", "actor__username", "reason")) == [
        ("insert", "sam", "From the file rates.csv."),
        ("update", "sam", "From the file rates.csv."),
    ]
    again = page.get(shown.request["PATH_INFO"])
    assert "Nothing is different from what is stored." in again.content.decode()
    assert "Nothing is changed: all" in confirm(page, again, follow=True).content.decode()


def test_what_was_stored_meanwhile_is_shown_before_it_is_corrected(page):
    shown = bring(page, follow=True)
    make_stored("GBP", "2026-11-01", "1.2")
    stale = confirm(page, shown)
    assert "Something changed in between" in stale.content.decode()
    assert stored() == [("GBP", "2026-11-01", "1.2")]
    assert confirm(page, stale).url == LIST
    assert stored() == STORED


def test_a_refused_file_lists_its_problems_and_has_nothing_to_confirm(page):
    shown = bring(page, f"{HEADER}GBP,2026-11-01,1.27\nGBP,tomorrow,<b>\n".encode(), follow=True)
    text = shown.content.decode()
    assert "Nothing is imported. Correct these 2 things in the file" in text
    assert "“tomorrow” is not read as a date" in text
    assert "“&lt;b&gt;” is not read as a number" in text
    assert 'name="fingerprint"' not in text
    again = page.post(shown.request["PATH_INFO"], {"token": str(uuid.uuid4())})
    assert "“tomorrow” is not read as a date" in again.content.decode()
    assert stored() == []


def test_a_refusal_that_comes_up_after_the_preview_is_listed_and_nothing_is_written(page):
    shown = bring(page, follow=True)
    LedgerSetup.objects.update(lcy="GBP")
    text = confirm(page, shown).content.decode()
    assert text.count("GBP is the company&#x27;s own currency") == 2
    assert stored() == []


def test_a_long_file_shows_its_first_rows_and_is_confirmed_as_a_whole(page):
    first = datetime.date(2020, 1, 1)
    days = [first + datetime.timedelta(days=day) for day in range(1200)]
    content = (HEADER + "".join(f"GBP,{day},1.2\n" for day in days)).encode()
    shown = bring(page, content, follow=True)
    assert "and 1,000 more rows" in shown.content.decode()
    assert len(shown.context["preview"].changes) == 201
    last = make_stored("GBP", str(days[-1]), "1.1")
    assert "Something changed in between" in confirm(page, shown).content.decode()
    last.delete()
    assert confirm(page, shown).url == LIST
    assert ExchangeRate.objects.count() == 1200


def test_a_file_that_is_too_large_is_refused_unread(page, settings):
    settings.UPLOAD_MAX_BYTES = len(FILE)
    assert bring(page).status_code == 302
    answer = bring(page, FILE + b"\n")
    assert f"rates.csv has {len(FILE) + 1}\xa0bytes; at most {len(FILE)}\xa0bytes are taken." in answer.content.decode()
    assert Upload.objects.count() == 1


def test_no_file_and_an_empty_one_are_refused(page):
    assert "This field is required." in page.post(IMPORT).content.decode()
    assert "The submitted file is empty." in bring(page, b"").content.decode()
    assert not Upload.objects.exists()


def test_the_form_sends_files_and_says_what_they_hold(page):
    text = page.get(IMPORT).content.decode()
    assert 'enctype="multipart/form-data"' in text
    assert all(name in text for name in ("Currency", "Starting date", "LCY per unit"))


def test_a_file_opens_to_whoever_brought_it_and_for_what_it_is(page):
    theirs = Upload.objects.create(user=make_user("other"), kind="rates", file_name="x.csv", content=FILE)
    mine = Upload.objects.create(user=make_user("sam"), kind="other", file_name="x.csv", content=FILE)
    for upload in (theirs, mine):
        address = reverse("ledger:rate-import-review", args=[upload.pk])
        assert (page.get(address).status_code, page.post(address).status_code) == (404, 404)


def test_who_may_only_enter_or_only_correct_may_not_import(signed_in):
    page = signed_in("ledger.view_exchangerate", "ledger.add_exchangerate")
    assert page.get(IMPORT).status_code == 403
    assert IMPORT not in page.get(LIST).content.decode()


def test_the_list_leads_to_the_import(page):
    assert f'href="{IMPORT}"' in page.get(LIST).content.decode()


# The command


def test_the_command_imports_and_says_what_it_did(tmp_path, capsys):
    (tmp_path / "rates.csv").write_bytes(FILE)
    call_command("import_rates", str(tmp_path / "rates.csv"))
    call_command("import_rates", str(tmp_path / "rates.csv"))
    assert capsys.readouterr().out.splitlines() == [
        "The rates are imported: 3 new.",
        "Nothing is changed: all that the file says is stored already.",
    ]
    assert stored() == STORED


def test_the_command_lists_what_stands_against_a_file_and_imports_nothing(tmp_path):
    (tmp_path / "rates.csv").write_text(f"{HEADER}GBP,2026-11-01,1.2\nGBP,2026-11-02,0\nXYZ,2026-11-02,1\n")
    with pytest.raises(CommandError) as refusal:
        call_command("import_rates", str(tmp_path / "rates.csv"))
    first, *problems = str(refusal.value).splitlines()
    assert (first, refusal.value.returncode) == (
        "Nothing is imported. Correct these 2 things in the file, then bring it again.",
        1,
    )
    assert [problem.split(":")[0] for problem in problems] == ["Line 3, LCY per unit", "Line 4, Currency"]
    assert stored() == []


def test_the_command_refuses_what_it_cannot_read_or_what_is_too_large(tmp_path, settings):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_rates", str(tmp_path / "none.csv"))
    settings.UPLOAD_MAX_BYTES = 5
    (tmp_path / "rates.csv").write_bytes(FILE)
    with pytest.raises(CommandError, match="is larger than UPLOAD_MAX_MB allows"):
        call_command("import_rates", str(tmp_path / "rates.csv"))
