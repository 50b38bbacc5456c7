"""Opening balances of prepaid services from a file: each is posted by rule 24, under the document type *Opening balance*;
above the thresholds of the setup it waits until somebody else approves it. Without a balancing account nothing is posted to
the books: no money stands behind it.

A service and document no. that were imported before, posted or waiting, are not brought again; where the file says something
else of them by now, it is refused with what differs. What was declined or withdrawn can be brought again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from ledger.dates import ledger_setup
from ledger.models import Currency, LedgerAccount, ProductPostingGroup
from ledger.money import ZERO
from pages import formats
from pages.imports import Problems, read_day, read_number
from pages.imports.cells import Cell
from pages.refusals import Refused
from prepaid.exceptions import OtherCurrency
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService
from prepaid.models.requests import State
from prepaid.services import import_columns as columns
from prepaid.services.import_cells import MOST_BALANCES, one_of, read_day_or_none, text_of
from prepaid.services.import_services import lock_accounts, refuse_too_many
from prepaid.services.locks import lock_services, one_prepaid_setup
from prepaid.services.manual import EntryTerms, request_opening

MADE = "Import opening balances"
DIGITS = {"max_digits": 20, "decimal_places": 4}
# Of an entry, and the column that says it.
COLUMN_OF = {
    "posted_on": columns.POSTING_DATE,
    "document_no": columns.DOCUMENT_NO,
    "currency": columns.CURRENCY,
    "amount": columns.AMOUNT,
    "quantity": columns.QUANTITY,
    "valid_until": columns.VALID_UNTIL,
    "product_group": columns.GROUP,
    "balancing_account": columns.BALANCING,
    "reason": columns.REASON,
}
COMPARED = ("posted_on", "amount", "quantity", "valid_until", "product_group", "balancing_account")


@dataclass(frozen=True)
class ImportedBalance:
    """A line of the file; `said` has what its columns say of the entry, by field."""

    line: int
    service: PrepaidService
    said: dict[str, Any]
    request: EntryRequest | None = None  # what was made of it, or is stored of it
    fixes_currency: bool = False

    @property
    def key(self) -> tuple[int, str]:
        return self.service.pk, self.said["document_no"]

    @property
    def waits(self) -> bool:
        return self.request is not None and self.request.state == State.REQUESTED


@dataclass(frozen=True)
class ImportedBalances:
    new: list[ImportedBalance] = field(default_factory=list)
    unchanged: list[ImportedBalance] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What was done, in a sentence."""
        if not self.new:
            return "Nothing is posted: all that the file says was imported before."
        waits = f", {formats.number(len(self.waiting))} of them to be approved" if self.waiting else ""
        more = f", {formats.number(len(self.unchanged))} imported before" if self.unchanged else ""
        return f"The opening balances are imported: {formats.number(len(self.new))} new{waits}{more}."

    @property
    def waiting(self) -> list[ImportedBalance]:
        """Those of the new that somebody else has to approve."""
        return [each for each in self.new if each.waits]


@transaction.atomic
def import_balances(content: bytes, *, file_name: str, actor) -> ImportedBalances:
    """Posts the opening balances of a CSV or XLSX file, all of them or none; those above the thresholds wait for approval.
    The same file again does nothing. A card that names no currency gets that of the file, or else the LCY, which is what an
    empty code means in Business Central.

    Refused (FileRefused, with every problem by line and column): a file that cannot be read as a table of the columns; an
    unknown service, currency, group or account; what `request_opening` refuses; one document of a service twice; one that was
    imported before and says something else now.
    """
    problems = Problems()
    read = _lock(_read(content, problems))
    imported = ImportedBalances()
    before = _brought_before(read)
    with one_prepaid_setup():
        for each in read:
            if stored := before.get(each.key):
                imported.unchanged.append(replace(each, request=stored))
                _compare(each, stored, problems)
            elif made := _make(each, file_name, actor, problems):
                imported.new.append(made)
    problems.refuse()
    return imported


def _lock(read: list[ImportedBalance]) -> list[ImportedBalance]:
    """With the services as they are now: their accounts locked by id, then they."""
    lock_accounts(each.service.account_id for each in read)
    services = lock_services(each.service.pk for each in read)
    return [replace(each, service=services[each.service.pk]) for each in read]


def _read(content: bytes, problems: Problems) -> list[ImportedBalance]:
    """The lines as entries; of a line that is refused only the problems."""
    lines = columns.read_lines(
        content,
        sheet=columns.BALANCES_SHEET,
        columns=columns.BALANCE_COLUMNS,
        more=columns.MORE_BALANCE_COLUMNS,
        problems=problems,
    )
    refuse_too_many(lines, MOST_BALANCES)
    services = {service.number: service for service in PrepaidService.objects.select_related("account", "currency")}
    readers, first, read = _readers(), {}, []  # type: ignore[var-annotated]
    for line in lines:
        known = len(problems)
        service = problems.read(line, columns.SERVICE_NO, one_of(services, "prepaid service"))
        said = {
            name: problems.read(line, column, readers[name])
            for name, column in COLUMN_OF.items()
            if column in line.cells
        }
        key = (service.number, said["document_no"]) if service and said["document_no"] else None
        if key and (before := first.setdefault(key, line.number)) != line.number:
            problems.add(
                f"Document {key[1]} of {key[0]} stands in line {before:,} as well. Leave one of them.",
                line.number,
                columns.DOCUMENT_NO,
            )
        if len(problems) == known and service:
            read.append(ImportedBalance(line.number, service, said))
    return read


def _readers() -> Mapping[str, Any]:
    return {
        "posted_on": read_day,
        "document_no": text_of(30, needed="the document no., by which it is known again"),
        "currency": one_of(Currency.objects.in_bulk(), "currency", or_none=True),
        "amount": _read_units,
        "quantity": _read_units,
        "valid_until": read_day_or_none,
        "product_group": one_of(ProductPostingGroup.objects.in_bulk(), "product posting group", or_none=True),
        "balancing_account": one_of(LedgerAccount.objects.in_bulk(), "ledger account", or_none=True),
        "reason": text_of(500),
    }


def _read_units(cell: Cell) -> Any:
    return ZERO if cell == "" else read_number(cell, **DIGITS)


def _brought_before(read: list[ImportedBalance]) -> dict[tuple[int, str], EntryRequest]:
    """What was imported of these services and is posted or waits, read under the locks of their accounts."""
    requests = EntryRequest.objects.filter(
        service__in={each.service.pk for each in read},
        document_type=PrepaidEntry.DocumentType.OPENING,
        state__in=(State.POSTED, State.REQUESTED),
    )
    found = requests.select_related("product_group", "balancing_account", "service__currency")
    return {(request.service_id, request.document_no): request for request in found}


def _compare(each: ImportedBalance, stored: EntryRequest, problems: Problems) -> None:
    waits = stored.state == State.REQUESTED
    was, way = (
        ("waits for approval", "have it declined or withdrawn first")
        if waits
        else ("was posted", "correct what is posted with an entry by hand")
    )
    for name in _differing(each, stored):
        told = [_told(getattr(stored, name)), _told(each.said[name])]
        problems.add(
            f"{each.said['document_no']} of {each.service.number} {was} with {told[0]}, not {told[1]}. Take the line"
            f" out; {way}.",
            each.line,
            COLUMN_OF[name],
        )


def _differing(each: ImportedBalance, stored: EntryRequest) -> Iterator[str]:
    """The fields that the file says otherwise; a valid-until that it leaves open came from the card's formula."""
    for name in COMPARED:
        left_open = name == "valid_until" and each.said.get(name) is None
        if name in each.said and not left_open and each.said[name] != getattr(stored, name):
            yield name
    if (currency := each.said.get("currency")) and currency != stored.service.currency:
        yield "currency"


def _told(value: Any) -> str:
    if value is None:
        return "nothing"
    return formats.day(value) if hasattr(value, "year") else getattr(value, "pk", None) or formats.exact(value)


def _make(each: ImportedBalance, file_name: str, actor, problems: Problems) -> ImportedBalance | None:
    fixes_currency = each.service.currency_id is None
    try:
        terms = _terms(each, file_name)
        request = request_opening(each.service, terms, actor=actor, made=MADE)
        if each.said.get("currency") not in (None, request.service.currency):
            raise OtherCurrency(request.service, each.said["currency"].pk, field="currency")
    except Refused as refused:
        if fixes_currency:
            each.service.currency = None
        problems.add(refused.message, each.line, COLUMN_OF.get(refused.field or "", ""))
        return None
    return ImportedBalance(each.line, request.service, each.said, request, fixes_currency)


def _terms(each: ImportedBalance, file_name: str) -> EntryTerms:
    said = dict(each.said)
    currency = said.pop("currency", None)
    said["reason"] = said.get("reason") or f"Opening balance, from the file {file_name}"[:500]
    return EntryTerms(
        entry_type=EntryRequest.Type.POSITIVE,
        currency=currency or ledger_setup().lcy,
        quantity_only=said.get("balancing_account") is None,
        **said,
    )
