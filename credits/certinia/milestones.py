"""The milestones of an export, known by their Id, which is their number here, with the projects that they name.

An actual date of a milestone that waits for credits is kept as claimed: the gate lets none be completed before.
"""

import datetime
from collections.abc import Collection, Iterable

from django.db.models import F
from django.db.models.functions import Coalesce

from credits.certinia.accounts import NO_CURRENCY
from credits.certinia.objects import ACCOUNT, ACTUAL, CURRENCY, ID, NAME, NEEDED, PROJECT, STATUS, TARGET
from credits.certinia.purchases import NO_ACCOUNT
from credits.certinia.reading import (
    Reader,
    Row,
    Values,
    kept,
    name_of,
    one_of,
    optional,
    read_cells,
    read_whole,
)
from credits.models import Milestone
from credits.models.milestones import Status
from credits.services.edit_milestone import NUMBERS, check_needed
from ledger.models import Currency
from ledger.services.numbers import free_numbers, pass_over
from opportunities.models import Account, Project
from opportunities.services.numbers import SERIES
from pages import formats
from pages.imports import Line, Problems, Unreadable, read_day
from pages.imports.cells import Cell, as_text, quoted
from pages.progress import Report, nobody

BATCH = 2000
STATUSES = {str(status.label).casefold(): status.value for status in Status if status} | {"": Status.NONE.value}
LABELS = {status.value: str(status.label) if status else "" for status in Status}
STORED = {
    ID: "number",
    NAME: "name",
    ACCOUNT: "project__account__number",
    PROJECT: "project__name",
    CURRENCY: "project__currency",
    NEEDED: "credits_needed",
    TARGET: "target_on",
    STATUS: "status",
    ACTUAL: "done_on",
}


def read_milestones(
    lines: Iterable[Line],
    *,
    currencies: dict[str, Currency],
    accounts: Collection[str],
    on: datetime.date,
    problems: Problems,
) -> list[Row]:
    """The lines as rows; of a line that is refused only the problems."""
    readers = _readers(currencies, accounts)
    rows = []
    for line in lines:
        found = len(problems)
        values = read_cells(line, readers, problems)
        if values[ACTUAL] and (sentence := _refusal_of_claim(values, on)):
            problems.add(sentence, line.number, ACTUAL)
        if len(problems) == found:
            rows.append(Row(line.number, values))
    return rows


def stored_milestones(ids: Collection[str] | None = None) -> dict[str, Values]:
    """Rows of the milestones of these Ids, or of all."""
    milestones = Milestone.objects.annotate(done_on=Coalesce(F("actual_on"), F("claimed_on"))).order_by("number")
    if ids is not None:
        milestones = milestones.filter(number__in=ids)
    rows = (dict(zip(STORED, row, strict=True)) for row in milestones.values_list(*STORED.values()).iterator())
    return {row[ID]: row | {STATUS: LABELS[row[STATUS]]} for row in rows}


def write_milestones(rows: list[Row], accounts: dict[str, Account], report: Report = nobody) -> None:
    """Makes the milestones, and a project for each account, name and currency that has none."""
    projects = _projects(
        {(accounts[row.values[ACCOUNT]].pk, row.values[PROJECT], row.values[CURRENCY]) for row in rows}
    )
    for start in range(0, len(rows), BATCH):
        report("Writing milestones", start, len(rows))
        Milestone.objects.bulk_create([_milestone(row, accounts, projects) for row in rows[start : start + BATCH]])
    pass_over(NUMBERS, [row.values[ID] for row in rows])


def _milestone(row: Row, accounts: dict[str, Account], projects: dict[tuple[int, str, str], int]) -> Milestone:
    values = row.values
    return Milestone(
        number=values[ID],
        name=values[NAME],
        project_id=projects[accounts[values[ACCOUNT]].pk, values[PROJECT], values[CURRENCY]],
        status=STATUSES[values[STATUS].casefold()],
        target_on=values[TARGET],
        credits_needed=values[NEEDED],
        claimed_on=values[ACTUAL],
    )


def _projects(wanted: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
    known = _stored_projects(wanted)
    missing = sorted(wanted - known.keys())
    numbers = free_numbers(SERIES[Project], Project, len(missing)) if missing else []
    Project.objects.bulk_create(
        [
            Project(number=number, account_id=account, name=name, currency_id=currency)
            for number, (account, name, currency) in zip(numbers, missing, strict=True)
        ],
        batch_size=BATCH,
    )
    return _stored_projects(wanted) if missing else known


def _stored_projects(wanted: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
    projects = Project.objects.filter(account__in={account for account, _, _ in wanted})
    stored = projects.values_list("account", "name", "currency", "pk")
    return {(account, name, currency): pk for account, name, currency, pk in stored}


def _readers(currencies: dict[str, Currency], accounts: Collection[str]) -> dict[str, Reader]:
    return {
        ID: name_of(20, "the Id of the milestone"),
        NAME: name_of(120, "the name of the milestone"),
        ACCOUNT: one_of(dict.fromkeys(accounts), "the number of the account", NO_ACCOUNT),
        PROJECT: name_of(120, "the name of the project"),
        CURRENCY: one_of(currencies, "the code of a currency, as in USD", NO_CURRENCY),
        NEEDED: optional(kept(read_whole, check_needed)),
        TARGET: optional(read_day),
        STATUS: _read_status,
        ACTUAL: optional(read_day),
    }


def _read_status(cell: Cell) -> str:
    """As the export writes it."""
    text = as_text(cell)
    if text.casefold() not in STATUSES:
        known = ", ".join(label for label in LABELS.values() if label)
        raise Unreadable(f"{quoted(text)} is no status of a milestone: {known}, or nothing.")
    return LABELS[STATUSES[text.casefold()]]


def _refusal_of_claim(values: Values, on: datetime.date) -> str:
    """Why a milestone cannot have been completed on that day."""
    if values[ACTUAL] > on:
        return f"The actual date {formats.day(values[ACTUAL])} is in the future: a milestone is completed when it is."
    if values[STATUS] == LABELS[Status.CANCELED]:
        return (
            f"The milestone is canceled and was not completed on {formats.day(values[ACTUAL])}. Leave one of the two."
        )
    return ""
