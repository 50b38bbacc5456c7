"""Reading what people bring in files: a table of CSV or XLSX into lines, and everything that stands against it.

An import is one service of its app, in the shape of `ledger/services/rate_import.py` and `rate_lines.py`:

    problems = Problems()
    for line in read_table(content, columns=COLUMNS, problems=problems):
        amount = problems.read(line, "Amount", read_amount)    # None, and a problem with line and column
    problems.refuse()                                          # all of them together, before anything is written

Its pages are an `UploadPage`, which keeps the file, and a `ReviewPage`, which rehearses the service, shows what it would
do and carries it out; its command reads a file from disk and calls the same service.
"""

from pages.imports.problems import FileRefused, Problem, Problems, Unreadable
from pages.imports.tables import Line, read_table
from pages.imports.values import read_day, read_number, read_text

__all__ = [
    "FileRefused",
    "Line",
    "Problem",
    "Problems",
    "Unreadable",
    "read_day",
    "read_number",
    "read_table",
    "read_text",
]
