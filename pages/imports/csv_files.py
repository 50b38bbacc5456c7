"""CSV as spreadsheets write it: UTF-8, with commas or semicolons."""

import csv
import io
from collections.abc import Iterator

from pages.imports.problems import FileRefused, Problem

DELIMITERS = (",", ";")
SAVE_AS = "Save the file as “CSV UTF-8” (or as XLSX)"


def csv_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line of the file that it begins in. Refused (FileRefused): another encoding, broken quotes."""
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        sentence = f"The line cannot be read as CSV ({error}). Look at its quotation marks."
        raise FileRefused([Problem(sentence, begins)]) from error


def _decoded(content: bytes) -> str:
    """Never guessed: in a wrong encoding a name would be another name, and nobody would see it."""
    at = content.find(b"\0")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
    if at < 0:
        return text
    sentence = f"The line holds a character that is not in UTF-8. {SAVE_AS}, then bring it again."
    raise FileRefused([Problem(sentence, content.count(b"\n", 0, at) + 1)])


def _delimiter(text: str) -> str:
    """The one that cuts the first line into more cells."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter), [])))
