from typing import Any

from ledger.forms.reports import DayField
from pages import formats
from pages.forms import PageForm


class StatementForm(PageForm):
    """The days of a statement, both included."""

    first = DayField(label="From")
    last = DayField(label="To")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", f"{formats.day(last)} is before {formats.day(first)}.")
        return cleaned
