"""Prepaid services from a file, under the captions of Business Central. Books and balances: none.

A number that is stored with the same card is left as it is; with another card it is refused with what differs, since the
file and the people who edited the card cannot both be right.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from ledger.models import Currency
from ledger.services.numbers import pass_over
from opportunities.models import Account
from pages import formats
from pages.imports import FileRefused, Line, Problem, Problems, Unreadable
from pages.imports.cells import quoted
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, DateFormula
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.services import import_columns as columns
from prepaid.services.import_cells import MOST_SERVICES, choice_of, one_of, read_day_or_none, read_yes_or_no, text_of
from prepaid.services.numbers import SERVICES
from prepaid.services.services import Card, close_service, create_service

MADE = "Import prepaid services"
# Of a card, and the column that says it.
COLUMN_OF = {
    "account": columns.CUSTOMER,
    "description": columns.DESCRIPTION,
    "accrual": columns.ACCRUAL,
    "type": columns.TYPE,
    "currency": columns.CURRENCY,
    "unit_of_measure": columns.UNIT,
    "starts_on": columns.STARTS,
    "ends_on": columns.ENDS,
    "valid_until_formula": columns.FORMULA,
    "dimension_value": columns.DIMENSION_VALUE,
    "closed": columns.CLOSED,
}


@dataclass(frozen=True)
class ImportedService:
    """A line of the file; `said` has what its columns say of the card, by field."""

    line: int
    number: str
    said: dict[str, Any]

    @property
    def kind(self) -> str:
        """One-time, amount"""
        accrual, type_ = PrepaidService.Accrual(self.said["accrual"]), PrepaidService.Type(self.said["type"])
        return f"{accrual.label}, {type_.label.lower()}"

    @property
    def card(self) -> Card:
        """A number that is its own dimension value becomes one with the card, where the setup makes such values."""
        said = {name: value for name, value in self.said.items() if name != "closed"}
        if said.get("dimension_value") == self.number and PrepaidSetup.objects.filter(insert_dimension_value=True):
            said["dimension_value"] = ""
        return Card(**said)


@dataclass(frozen=True)
class ImportedServices:
    new: list[ImportedService] = field(default_factory=list)
    unchanged: list[ImportedService] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What was done, in a sentence."""
        if not self.new:
            return "Nothing is changed: all that the file says is stored already."
        more = f", {formats.number(len(self.unchanged))} unchanged" if self.unchanged else ""
        return f"The prepaid services are imported: {formats.number(len(self.new))} new{more}."


@transaction.atomic
def import_services(content: bytes, *, file_name: str, actor) -> ImportedServices:
    """Makes the cards of a CSV or XLSX file under the numbers that it gives, all of them or none; the same file again changes
    nothing. The number series goes on after the highest of them.

    Refused (FileRefused, with every problem by line and column): a file that cannot be read as a table of the columns; an
    unknown customer, currency or dimension value; what no card can say; one number twice; a number that is stored with
    another card.
    """
    problems = Problems()
    read = read_services(content, problems)
    lock_accounts(each.said["account"].pk for each in read)
    with connection.cursor() as cursor:  # nobody else makes or changes a card until the commit: what was compared holds
        cursor.execute("LOCK TABLE prepaid_prepaidservice IN SHARE ROW EXCLUSIVE MODE")
    imported = _compared(read, problems)
    for each in imported.new:
        _make(each, file_name, actor, problems)
    problems.refuse()
    if imported.new:
        pass_over(SERVICES, [each.number for each in imported.new])
    return imported


def lock_accounts(accounts: Any) -> None:
    """By id, so that two imports never wait for each other."""
    rows = Account.objects.filter(pk__in=set(accounts)).order_by("id")
    list(rows.select_for_update(no_key=True).values_list("id"))


def refuse_too_many(lines: list[Line], most: int) -> None:
    if len(lines) > most:
        raise FileRefused([Problem(f"{len(lines):,} lines: at most {most:,} are imported at once. Split the file.")])


def read_services(content: bytes, problems: Problems) -> list[ImportedService]:
    """The lines as cards; of a line that is refused only the problems."""
    lines = columns.read_lines(
        content,
        sheet=columns.SERVICES_SHEET,
        columns=columns.SERVICE_COLUMNS,
        more=columns.MORE_SERVICE_COLUMNS,
        problems=problems,
    )
    refuse_too_many(lines, MOST_SERVICES)
    readers, first, read = _readers(), {}, []  # type: ignore[var-annotated]
    for line in lines:
        known = len(problems)
        number = problems.read(line, columns.NO, text_of(20, needed="the number of the service"))
        said = {
            name: problems.read(line, column, readers[name])
            for name, column in COLUMN_OF.items()
            if column in line.cells
        }
        if number and (before := first.setdefault(number, line.number)) != line.number:
            problems.add(f"{number} stands in line {before:,} as well. Leave one of them.", line.number, columns.NO)
        if len(problems) == known and number:
            read.append(ImportedService(line.number, number, said))
    return read


def _readers() -> Mapping[str, Any]:
    accounts = {account.number: account for account in Account.objects.select_related("currency")}
    return {
        "account": one_of(accounts, "customer"),
        "description": text_of(250),
        "accrual": choice_of(PrepaidService.Accrual.choices),
        "type": choice_of(PrepaidService.Type.choices),
        "currency": one_of(Currency.objects.in_bulk(), "currency", or_none=True),
        "unit_of_measure": text_of(10),
        "starts_on": read_day_or_none,
        "ends_on": read_day_or_none,
        "valid_until_formula": _read_formula,
        "dimension_value": text_of(20),
        "closed": read_yes_or_no,
    }


def _read_formula(cell: Any) -> str:
    text = text_of(60)(cell)
    try:
        return str(DateFormula.parse(text)) if text else ""
    except BadDateFormula as bad:
        raise Unreadable(bad.message) from None


def _compared(read: list[ImportedService], problems: Problems) -> ImportedServices:
    """Each card beside the one that is stored under its number."""
    imported = ImportedServices()
    stored = PrepaidService.objects.select_related("account", "currency").in_bulk(
        [each.number for each in read], field_name="number"
    )
    for each in read:
        service = stored.get(each.number)
        (imported.new if service is None else imported.unchanged).append(each)
        for name in _differing(each, service) if service else ():
            problems.add(
                f"{each.number} is stored with {_told(getattr(service, name))}, not {_told(each.said[name])}. Correct the"
                " file or the card, or take the line out.",
                each.line,
                COLUMN_OF[name],
            )
    return imported


def _differing(each: ImportedService, service: PrepaidService) -> Iterator[str]:
    """The fields that the file says otherwise. A currency that it leaves open is whatever the first entry made it; so is a
    dimension value that came with the number."""
    for name, value in each.said.items():
        stored = getattr(service, name)
        came_with_it = name == "currency" or (name == "dimension_value" and stored == each.number)
        if value != stored and not (came_with_it and not value):
            yield name


def _told(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    choices = dict([*PrepaidService.Accrual.choices, *PrepaidService.Type.choices])
    return quoted(choices.get(str(value)) or (value.number if isinstance(value, Account) else str(value)))


def _make(each: ImportedService, file_name: str, actor, problems: Problems) -> None:
    try:
        with transaction.atomic():
            made = {"made": MADE, "reason": f"From the file {file_name}."}
            service = create_service(each.card, number=each.number, actor=actor, **made)
            if each.said.get("closed"):
                close_service(service, actor=actor)
    except Refused as refused:
        problems.add(refused.message, each.line, COLUMN_OF.get(refused.field or "", ""))
