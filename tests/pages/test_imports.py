"""Tables from files: what is read is exactly what is written, and what is not certain is refused where it stands."""

import datetime
import io
import zipfile
from decimal import Decimal

import pytest
from openpyxl import Workbook

from pages import exports
from pages.imports import (
    FileRefused,
    Problem,
    Problems,
    Unreadable,
    read_day,
    read_number,
    read_table,
    read_text,
    xlsx_files,
)
from pages.imports import tables as tables_module

COLUMNS = ("Name", "Amount", "Day")
DAY = datetime.date(2026, 11, 24)
NO_NUMBER = "is not read as a number: write a point before the decimals and nothing between thousands, as in"


def workbook(*sheets):
    book = Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content):
    """(line, cells in the order of COLUMNS) of each line, and the problems as sentences."""
    problems = Problems()
    lines = read_table(content, columns=COLUMNS, problems=problems)
    return [(line.number, [line.cells[name] for name in COLUMNS]) for line in lines], [str(each) for each in problems]


def refused(content):
    with pytest.raises(FileRefused) as refusal:
        read(content)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_with_either_delimiter_and_with_or_without_a_mark_is_read(start, delimiter, line_end):
    text = line_end.join(delimiter.join(row) for row in [("Name", "Amount", "Day"), ("Škoda", "1.50", "2026-11-24")])
    assert read(start + text.encode()) == ([(2, ["Škoda", "1.50", "2026-11-24"])], [])


def test_columns_stand_in_any_order_and_blank_lines_do_not_count():
    content = b"\nday , NAME,amount\n,,\n2026-11-24, North ,1\n\n \n2026-11-25,South,2\n"
    assert read(content) == ([(4, ["North", "1", "2026-11-24"]), (7, ["South", "2", "2026-11-25"])], [])


def test_a_line_keeps_its_number_where_a_cell_before_it_has_several_lines():
    assert read(b'Name,Amount,Day\n"a\nb",1,x\nc,2,y\n')[0] == [(2, ["a\nb", "1", "x"]), (4, ["c", "2", "y"])]


def test_a_short_line_has_empty_cells():
    assert read(b"Name,Amount,Day\nNorth\n") == ([(2, ["North", "", ""])], [])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("Name,Amount,Day\nNorth,1,\nKöln,2,\n".encode("cp1252"), 3),
        ("Name,Amount,Day\n".encode("utf-16"), 1),
        ("Name,Amount,Day\n".encode("utf-16-le"), 1),
        (b"Name,Amount,Day\nNo\0rth,1,\n", 2),
    ],
)
def test_another_encoding_is_refused_at_its_first_line(content, line):
    (sentence,) = refused(content)
    assert sentence.startswith(f"Line {line}: The line holds a character that is not in UTF-8.")


def test_broken_quotes_are_refused_at_their_line():
    (sentence,) = refused(b'Name,Amount,Day\nNorth,1,\n"South"s,2,\n')
    assert sentence.startswith("Line 3: The line cannot be read as CSV")


def test_names_that_are_unknown_missing_or_twice_get_a_sentence_each_and_no_line_is_read():
    assert read(b"Name,name,Price\nNorth,x,1\n") == (
        [],
        [
            "Line 1: The column “Name” is there twice: leave one of them.",
            "Line 1: No column is called “Price”: take it out, or call it “Name”, “Amount” or “Day”.",
            "Line 1: The column “Amount” is missing. The first line names “Name”, “Amount” and “Day”.",
            "Line 1: The column “Day” is missing. The first line names “Name”, “Amount” and “Day”.",
        ],
    )


@pytest.mark.parametrize("content", [b"", b"\n \n,,\n", workbook([]), workbook([[None]], [])])
def test_an_empty_file_is_refused(content):
    assert refused(content) == ["The file is empty. Its first line names the columns “Name”, “Amount” and “Day”."]


def test_a_cell_outside_of_every_column_is_a_problem_of_its_line():
    _, problems = read(b"Name,Amount,Day\nNorth,1,09,2026-11-24\nSouth,1,2026-11-24,\n")
    assert problems == [
        "Line 2: “2026-11-24” stands in no column. A decimal comma would do that: numbers have a point."
    ]


def test_too_many_lines_are_refused(monkeypatch):
    monkeypatch.setattr(tables_module, "MOST_LINES", 2)
    assert len(read(b"Name,Amount,Day\n" + b"a,1,\n" * 2)[0]) == 2
    assert refused(b"Name,Amount,Day\n" + b"a,1,\n" * 3) == ["At most 2 lines are imported at once: split the file."]


def test_cells_of_a_workbook_are_exact_numbers_dates_and_texts():
    late = datetime.datetime(2026, 11, 24, 18, 30)
    content = workbook([COLUMNS, ["North", 0.1, DAY], [None] * 3, [7, 1234567, late], ["", 1e-7, "x"]])
    assert read(content)[0] == [
        (2, ["North", Decimal("0.1"), DAY]),
        (4, [Decimal(7), Decimal(1234567), late]),
        (5, ["", Decimal("0.0000001"), "x"]),
    ]


def test_only_the_one_sheet_that_holds_anything_is_read():
    assert read(workbook([], [COLUMNS, ["North", 1, DAY]], [["", None]]))[0] == [(2, ["North", Decimal(1), DAY])]
    assert refused(workbook([COLUMNS], [["notes"]])) == [
        "Several sheets hold something: “Sheet”, “Sheet1”. Leave the one that is to be imported."
    ]


def test_a_formula_is_refused_by_the_name_of_its_cell():
    problems = Problems()
    (line,) = read_table(workbook([COLUMNS, ["North", "=1+1", DAY]]), columns=COLUMNS, problems=problems)
    assert problems.read(line, "Amount", read_text) is None
    assert [str(each) for each in problems] == ["Line 2, Amount: Cell B2 holds a formula: put its value in its place."]


def test_a_sheet_that_lies_about_its_size_is_read_whole():
    content, file = workbook([COLUMNS, ["North", 1, DAY], ["South", 2, DAY]]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1:A1"'))
    assert b'ref="A1:A1"' in zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    assert [cells[0] for _, cells in read(file.getvalue())[0]] == ["North", "South"]


@pytest.mark.parametrize("content", [xlsx_files.SIGNATURE, workbook([COLUMNS])[:-200], b"PK\x03\x04" + b"x" * 500])
def test_a_damaged_workbook_is_refused_with_a_sentence(content):
    (sentence,) = refused(content)
    assert sentence.startswith("The file cannot be read as a workbook.")


def test_a_zip_that_is_no_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refused(file.getvalue())[0].startswith("The file cannot be read as a workbook.")


def test_a_workbook_that_unpacks_to_more_than_is_allowed_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(xlsx_files, "LARGEST_UNPACKED", 1000)
    assert refused(workbook([COLUMNS]))[0].startswith("The workbook is too large when it is unpacked.")


def test_a_workbook_of_the_old_kind_is_refused():
    assert refused(xlsx_files.OLD_SIGNATURE + b"\0" * 50)[0].startswith("This is a workbook of the old kind")


def test_a_row_of_thousands_of_columns_is_refused():
    (sentence,) = refused(workbook([COLUMNS, ["x"] * 1001]))
    assert sentence == "Line 2: The row is 1,001 columns wide: at most 1,000 are read."


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "'=1", "''=1", "'quoted'", "plain", "O'Neill", "'"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_text_that_is_exported_comes_back_as_it_was(text, kind):
    response = exports.FORMATS[kind](iter([COLUMNS, [exports.safe(text), Decimal("1.5"), DAY]]), "lines")
    ((_, (name, amount, day)),) = read(b"".join(response.streaming_content))[0]
    assert (name, read_number(amount, max_digits=5, decimal_places=2), read_day(day)) == (text, Decimal("1.5"), DAY)


@pytest.mark.parametrize(
    "number", ["123456789012.123456789012", "-0.000000000001", "1234567890123456", "100000.10", "0"]
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_number_that_is_exported_comes_back_to_the_last_digit(number, kind):
    response = exports.FORMATS[kind](iter([COLUMNS, ["x", exports.safe(Decimal(number)), DAY]]), "lines")
    ((_, (_, amount, _)),) = read(b"".join(response.streaming_content))[0]
    assert read_number(amount, max_digits=28, decimal_places=12) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.09", "1.09"),
        ("-.5", "-0.5"),
        ("+3", "3"),
        ("2.", "2"),
        ("1E-2", "0.01"),
        ("007.500", "7.5"),
        ("1.00000", "1"),
    ],
)
def test_a_number_is_exactly_what_is_written(text, value):
    assert read_number(text, max_digits=5, decimal_places=2) == Decimal(value)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("", "The cell is empty: enter a number, as in 1.09."),
        ("1,09", f"“1,09” {NO_NUMBER} 1.09."),
        ("1,234.5", f"“1,234.5” {NO_NUMBER} 1234.56."),
        ("1.005", "“1.005” has 3 decimals: round it to at most 2."),
        ("1000", "“1000” is too large: at most 3 digits stand before the point."),
        ("1e99", "“1e99” is too large: at most 3 digits stand before the point."),
        (Decimal("0.30000000000000004"), "“0.30000000000000004” has 17 decimals: round it to at most 2."),
    ],
)
def test_a_number_that_cannot_be_kept_is_refused_with_how_to_write_it(cell, sentence):
    with pytest.raises(Unreadable) as refusal:
        read_number(cell, max_digits=5, decimal_places=2)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "cell", ["1_000", "NaN", "Infinity", Decimal("Infinity"), "1 000", "１", "0x1", "1e999", "USD 1", DAY]
)
def test_what_only_a_program_would_take_for_a_number_is_none(cell):
    with pytest.raises(Unreadable, match="is not read as a number"):
        read_number(cell, max_digits=5, decimal_places=2)


def test_a_day_is_a_date_of_the_spreadsheet_or_written_with_its_year_first():
    assert (read_day(DAY), read_day("2026-11-24")) == (DAY, DAY)


LATE = datetime.datetime(2026, 11, 24, 1)


@pytest.mark.parametrize(
    "cell", ["", "24.11.2026", "01/02/2026", "20261124", "2026-02-30", "2026-W48-2", Decimal(46350), LATE]
)
def test_what_could_be_two_days_or_none_is_refused(cell):
    with pytest.raises(Unreadable, match="as in 2026-11-24"):
        read_day(cell)


def test_a_long_text_does_not_fill_its_sentence():
    with pytest.raises(Unreadable) as refusal:
        read_day("x" * 5000)
    assert len(str(refusal.value)) < 150


def test_problems_stand_in_the_order_of_the_file_and_those_of_the_whole_file_first():
    refusal = FileRefused([Problem("c", 3, "Day"), Problem("b", 2), Problem("a")])
    assert [str(problem) for problem in refusal.problems] == ["a", "Line 2: b", "Line 3, Day: c"]
    assert refusal.message == "Nothing is imported. Correct these 3 things in the file, then bring it again."
