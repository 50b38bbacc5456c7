"""Exchange rates from a file: the shape of every import.

Books: none. Postings from now on take the rates of their day; what is posted stays, and lots keep the rate of theirs.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction

from ledger.models import ExchangeRate
from ledger.services.changes import made_by
from ledger.services.rate_lines import COLUMNS, ImportedRate, Key, read_rates
from pages import formats
from pages.imports import Problems, read_table


@dataclass(frozen=True)
class ImportedRates:
    new: list[ImportedRate] = field(default_factory=list)
    corrected: list[ImportedRate] = field(default_factory=list)
    unchanged: list[ImportedRate] = field(default_factory=list)

    @property
    def written(self) -> list[ImportedRate]:
        return [*self.new, *self.corrected]

    @property
    def counts(self) -> str:
        """3 new, 1 corrected"""
        kinds = ((self.new, "new"), (self.corrected, "corrected"), (self.unchanged, "unchanged"))
        return ", ".join(f"{formats.number(len(rates))} {kind}" for rates, kind in kinds if rates)

    @property
    def said(self) -> str:
        """What was done, in a sentence."""
        if not self.written:
            return "Nothing is changed: all that the file says is stored already."
        return f"The rates are imported: {self.counts}."


@transaction.atomic
def import_rates(content: bytes, *, file_name: str, actor) -> ImportedRates:
    """Enters the rates of a CSV or XLSX file, and corrects those of the same currency and day: all of them or none. The
    same file again changes nothing. The change log names the file with each rate that changes. A constant number of
    statements, whatever the number of rates.

    Refused (FileRefused, with every problem by line and column): a file that cannot be read as a table of COLUMNS; an
    unknown currency, the LCY, what is no date, no number, not above zero or too long, one day of a currency twice.
    """
    problems = Problems()
    rates = read_rates(read_table(content, columns=COLUMNS, problems=problems), problems)
    problems.refuse()
    made_by(actor, "Import exchange rates", reason=f"From the file {file_name}.")
    imported = compared(rates)
    enter(imported.written)
    return imported


def enter(rates: list[ImportedRate]) -> None:
    """Writes the rates in one statement, over those of the same currency and day."""
    ExchangeRate.objects.bulk_create(
        [ExchangeRate(currency_id=each.currency, starting_on=each.starting_on, rate=each.rate) for each in rates],
        update_conflicts=True,
        unique_fields=["currency", "starting_on"],
        update_fields=["rate"],
    )


def compared(rates: list[ImportedRate]) -> ImportedRates:
    """Each rate beside the one that is stored. Nobody else enters rates until the commit, so that what is said here is
    what happens; reading them, as postings do, is not held up."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE ledger_exchangerate IN SHARE ROW EXCLUSIVE MODE")
    imported = ImportedRates()
    stored = _stored(rates)
    for each in rates:
        before = stored.get((each.currency, each.starting_on))
        kind = imported.new if before is None else imported.unchanged if before == each.rate else imported.corrected
        kind.append(ImportedRate(each.line, each.currency, each.starting_on, each.rate, before))
    return imported


def _stored(rates: list[ImportedRate]) -> dict[Key, Decimal]:
    """The rates of the days that the file is about."""
    if not rates:
        return {}
    days = [each.starting_on for each in rates]
    known = ExchangeRate.objects.filter(
        currency__in={each.currency for each in rates}, starting_on__range=(min(days), max(days))
    )
    return {(code, day): rate for code, day, rate in known.values_list("currency", "starting_on", "rate").iterator()}
