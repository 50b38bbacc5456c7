"""Importing a data export: all of it, or nothing; what is stored already is left as it is.

Books: as each purchase that is no draft is confirmed on the day it was created (see `writing`); nothing for the rest.
"""

import datetime
from collections.abc import Iterable

from django.db import transaction

from credits.certinia import accounts, milestones, purchases, rates
from credits.certinia.books import Books
from credits.certinia.files import Files
from credits.certinia.imported import Imported
from credits.certinia.objects import (
    ACCOUNT,
    ACCOUNTS,
    CREATED,
    MILESTONES,
    PURCHASES,
    RATES_NAME,
    ExportedObject,
)
from credits.certinia.reading import Part, Row, read_lines, refuse_twice, sort_out, texts_of
from credits.certinia.setup import SetupColumns
from credits.certinia.writing import write_purchases
from credits.services.terms import default_product_group
from ledger.dates import business_date, ledger_setup
from ledger.models import BusinessPostingGroup, Currency, PostingSetup
from ledger.services.changes import made_by
from ledger.services.rate_import import ImportedRates, enter
from opportunities.models import Account
from pages.imports import FileRefused, Line, Problems
from pages.progress import Report, each, nobody
from pages.seen import take_turn


@transaction.atomic
def import_export(files: Files, *, actor, on: datetime.date | None = None, report: Report = nobody) -> Imported:
    """Imports exchange rates, accounts, purchases and milestones as of the day `on` (default: today). A purchase is
    confirmed at the rate of the day it was created, unless it is a draft. A constant number of statements per 2,000 lines.
    `report` is told how far it is.

    The same export again changes nothing. Refused (FileRefused, with every problem by file, line and column): files that
    cannot be read; what entering the same by hand would refuse; one record twice; one that is stored with other content.
    """
    take_turn("credits.certinia.import")
    made_by(actor, "Import data export", reason=f"From {', '.join(each.name for each in files.values())}."[:500])
    run = _Import(files, actor, on or business_date(), report)
    run.read()
    if run.problems:
        raise FileRefused(run.problems)
    run.write()
    return run.imported


class _Import:
    """One import on its way: read and checked as a whole, then written."""

    def __init__(self, files: Files, actor, on: datetime.date, report: Report) -> None:
        self.files, self.actor, self.on, self.report = files, actor, on, report
        self.problems = Problems()
        self.parts = {about: Part(about) for about in (ACCOUNTS, PURCHASES, MILESTONES)}
        self.unpriced = False  # rates that cannot be read would be missed by every purchase
        self.currencies = Currency.objects.in_bulk()
        self.product_group = default_product_group()
        self.setup = SetupColumns(self.product_group)
        self.imported = Imported(ImportedRates(), list(self.parts.values()))

    def read(self) -> None:
        self.imported.rates = self._read_rates()
        lines = {about: self._lines(part) for about, part in self.parts.items()}
        known = self._lock_accounts(lines)
        for about, stored, read in (
            (ACCOUNTS, accounts.stored_accounts, self._read_accounts),
            (PURCHASES, purchases.stored_purchases, self._read_purchases),
            (MILESTONES, milestones.stored_milestones, self._read_milestones),
        ):
            part, found = self.parts[about], Problems(self.parts[about].file)
            refuse_twice(lines[about], about.key, found)
            rows = read(each(lines[about], f"Checking {about.noun}", self.report), known, found)
            sort_out(part, rows, stored(texts_of(lines[about], about.key)), found)
            self.problems.extend(found)
            if about is MILESTONES:
                self.imported.milestones = [row.values[about.key] for row in rows]
        self.imported.new_group = self._new_group()
        self._check_books()

    def write(self) -> None:
        new = {about: part.new for about, part in self.parts.items()}
        enter(self.imported.rates.new)
        accounts.write_accounts(new[ACCOUNTS], self.imported.new_group)
        wanted = {row.values[ACCOUNT] for row in (*new[PURCHASES], *new[MILESTONES])}
        stored = {account.number: account for account in Account.objects.filter(number__in=wanted)}
        write_purchases(new[PURCHASES], stored, self.books, self.setup, actor=self.actor, report=self.report)
        milestones.write_milestones(new[MILESTONES], stored, self.report)

    def _read_rates(self) -> ImportedRates:
        if (brought := self.files.get(RATES_NAME)) is None:
            return ImportedRates()
        found = Problems(brought.name)
        imported = rates.read_rates_of(brought, ledger_setup().lcy_id, found, [])
        self.unpriced = bool(found)
        self.problems.extend(found)
        return imported

    def _lines(self, part: Part) -> list[Line]:
        if (brought := self.files.get(part.about.name)) is None:
            return []
        part.file = brought.name
        found = Problems(brought.name)
        self.report(f"Reading {part.about.noun}", 0, 0)
        extra = self.setup.names if part.about is PURCHASES else ()
        lines = read_lines(brought, part.about.columns, found, part.passed_over, extra)
        self.problems.extend(found)
        return lines

    def _lock_accounts(self, lines: dict[ExportedObject, list[Line]]) -> set[str]:
        """The numbers of the accounts that are there or come with the export; those that are there are locked, by id."""
        named = texts_of(lines[ACCOUNTS], ACCOUNTS.key)
        asked = named | texts_of(lines[PURCHASES], ACCOUNT) | texts_of(lines[MILESTONES], ACCOUNT)
        stored = Account.objects.filter(number__in=asked).order_by("id").select_for_update(no_key=True)
        return named | set(stored.values_list("number", flat=True))

    def _read_accounts(self, lines: Iterable[Line], known: set[str], found: Problems) -> list[Row]:
        return accounts.read_accounts(lines, self.currencies, found)

    def _read_purchases(self, lines: Iterable[Line], known: set[str], found: Problems) -> list[Row]:
        return purchases.read_purchases(
            lines, currencies=self.currencies, accounts=known, setup=self.setup, problems=found
        )

    def _read_milestones(self, lines: Iterable[Line], known: set[str], found: Problems) -> list[Row]:
        return milestones.read_milestones(lines, currencies=self.currencies, accounts=known, on=self.on, problems=found)

    def _new_group(self) -> BusinessPostingGroup | None:
        """The business posting group of accounts that are made: the first whose sales of credits can be posted."""
        cells = PostingSetup.objects.filter(product_group=self.product_group, blocked=False)
        cells = cells.filter(receivable__isnull=False, deferral__isnull=False).order_by("business_group")
        cell = cells.select_related("business_group").first()
        if cell is None and self.parts[ACCOUNTS].new:
            problems = Problems(self.parts[ACCOUNTS].file)
            problems.add("No business posting group can sell services credits: fill in the posting setup first.")
            self.problems.extend(problems)
        return cell.business_group if cell else None

    def _check_books(self) -> None:
        """What confirming would refuse, line by line."""
        part = self.parts[PURCHASES]
        found = Problems(part.file)
        self.setup.refuse_blocked(part.new, found)
        self.books = Books(
            product_group=self.product_group,
            new_group=self.imported.new_group,
            new_rates=self.imported.rates.new,
            actor=self.actor,
        )
        if not self.unpriced and (self.books.new_group or not self.parts[ACCOUNTS].new):
            self.books.know({row.values[ACCOUNT] for row in part.new}, {row.values[CREATED] for row in part.new})
            to_confirm = each(part.new, "Checking what is posted", self.report)
            purchases.check_confirmations(to_confirm, self.books, self.on, found)
        self.problems.extend(found)
