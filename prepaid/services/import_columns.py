"""The columns of files of prepaid services and of their opening balances: the captions of Business Central's lists.

A column that only tells what the entries add up to is passed over; any other name that is not known is refused, so that no
column is lost by a slip of the pen.
"""

from collections.abc import Sequence

from pages.imports import Line, Problems, read_table
from pages.imports.cells import quoted
from pages.imports.xlsx_files import SIGNATURE, sheet_names

NO, CUSTOMER, DESCRIPTION = "No.", "Customer No.", "Description"
ACCRUAL, TYPE = "Accrual", "Type"
CURRENCY, UNIT = "Currency Code", "Unit of Measure Code"
STARTS, ENDS, CLOSED = "Starting Date", "Ending Date", "Closed"
FORMULA, DIMENSION_VALUE = "Valid until Dateformula", "Dimension Value for Prepaid Service"
CUSTOMER_NAME = "Customer Name"
SUMS = (
    "Outstanding Amount",
    "Outstanding Amount (LCY)",
    "Outstanding Quantity",
    "Posted Usage Amount",
    "Posted Usage Amount (LCY)",
    "Posted Usage Quantity",
)

SERVICE_NO, POSTING_DATE, DOCUMENT_NO = "Prepaid Service No.", "Posting Date", "Document No."
AMOUNT, QUANTITY, VALID_UNTIL = "Amount", "Quantity", "Valid until"
GROUP, BALANCING, REASON = "Gen. Prod. Posting Group", "Bal. Account No.", "Reason"

SERVICES_SHEET, BALANCES_SHEET = "Prepaid Services", "Opening Balances"
SERVICE_COLUMNS = (NO, CUSTOMER, ACCRUAL, TYPE)
MORE_SERVICE_COLUMNS = (DESCRIPTION, CURRENCY, UNIT, STARTS, ENDS, CLOSED, FORMULA, DIMENSION_VALUE)
BALANCE_COLUMNS = (SERVICE_NO, POSTING_DATE, DOCUMENT_NO)
MORE_BALANCE_COLUMNS = (CURRENCY, AMOUNT, QUANTITY, VALID_UNTIL, GROUP, BALANCING, REASON)
ALSO_CALLED = {STARTS: "Start Date", ENDS: "End Date", DIMENSION_VALUE: "Dimension Value"}
PASSED_OVER = (CUSTOMER_NAME, *SUMS)


def read_lines(
    content: bytes, *, sheet: str, columns: Sequence[str], more: Sequence[str], problems: Problems
) -> list[Line]:
    """The lines of the file, or of that sheet where a workbook has it; every column under its first name. Columns of `more`
    may be left out. Refused as in `read_table`."""
    names = sheet_names(content) if content.startswith(SIGNATURE) else []
    lines = read_table(
        content,
        columns=columns,
        optional=(*more, *(ALSO_CALLED[name] for name in more if name in ALSO_CALLED), *PASSED_OVER),
        problems=problems,
        sheet=sheet if sheet in names else "",
    )
    if lines:
        _refuse_both_names(lines[0], problems)
    return [_renamed(line) for line in lines]


def _refuse_both_names(line: Line, problems: Problems) -> None:
    for name, other in ALSO_CALLED.items():
        if name in line.cells and other in line.cells:
            problems.add(f"{quoted(name)} and {quoted(other)} are the same column: leave one of them.", line.number)


def _renamed(line: Line) -> Line:
    first = {other: name for name, other in ALSO_CALLED.items()}
    return Line(line.number, {first.get(name, name): cell for name, cell in line.cells.items()})
