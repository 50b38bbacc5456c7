import datetime
import json
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from config.night import run_nights
from credits.certinia.files import Files, from_path
from credits.certinia.imported import Imported
from credits.certinia.importing import import_export
from credits.certinia.rates import currency_of
from credits.certinia.report import allocations, balances
from credits.certinia.settling import Settled, settle
from credits.models import CreditsSetup
from ledger.dates import business_date
from ledger.models import LedgerSetup
from ledger.models.setup import validate_time_zone
from ledger.reports.nights import night_report
from ledger.services.chart import install_chart
from pages import formats
from pages.imports import FileRefused
from pages.progress import Report, nobody
from pages.refusals import Refused


class Command(BaseCommand):
    help = (
        "Imports a data export of Certinia PSA: all of it, or nothing. A company without a general ledger setup gets one, "
        "with the default chart of accounts and the currency that the exchange rates are in."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="of CSV or XLSX files; or a ZIP, or one workbook")
        parser.add_argument(
            "--settle",
            type=datetime.date.fromisoformat,
            metavar="D",
            help="then allocate, complete and run the night, with D as today",
        )
        parser.add_argument("--json", action="store_true", help="print balances and allocations as JSON")
        parser.add_argument("--company", default="Imported company", help="name of a company that is set up by it")
        parser.add_argument("--lcy", help="its own currency, where the exchange rates do not say it")
        parser.add_argument("--time-zone", default="UTC", help="decides when its days end (default: UTC)")

    def handle(self, *, folder: Path, settle, json: bool, **options) -> None:
        self.said = self.stderr if json else self.stdout
        if "django_migrations" not in connection.introspection.table_names():
            call_command("migrate", interactive=False, verbosity=0)
        try:
            imported = self.bring(self.read(folder), settle, **options)
        except FileRefused as refused:
            raise CommandError("\n".join([refused.message, *map(str, refused.problems)])) from refused
        except Refused as refused:
            raise CommandError(refused.message) from refused
        errors = self.settle(imported, settle) if settle else []
        if json:
            self.print_json(imported)
        if errors:
            sys.exit(1)

    def read(self, folder: Path) -> Files:
        try:
            return from_path(folder, largest=settings.UPLOAD_MAX_BYTES)
        except OSError as error:
            raise CommandError(f"{folder} cannot be read: {error.strerror}.") from error

    @transaction.atomic
    def bring(self, files: Files, on: datetime.date | None, *, company, lcy, time_zone, **options) -> Imported:
        """Where anything is refused, the setup is taken back as well."""
        self.set_up(company, lcy or currency_of(files), time_zone)
        if on and on > business_date():
            self.stderr.write(f"Warning: {on} is in the future; it is taken as today.")
        report = self.progress()
        try:
            imported = import_export(files, actor=None, on=on, report=report)
        finally:
            report("", 0, 0)
        self.said.write(imported.said)
        for part in imported.parts:
            if part.passed_over:
                self.said.write(f"{part.file}: passed over {', '.join(part.passed_over)}.")
        return imported

    def progress(self) -> Report:
        """On a terminal, how far it is: in one line, which the next one wipes."""
        if not self.stderr.isatty():
            return nobody

        def show(step: str, done: int, total: int) -> None:
            far = f" {formats.number(done)} of {formats.number(total)}" if total else ""
            self.stderr.write(f"\r\x1b[K{step}{far}", ending="")

        return show

    def set_up(self, company: str, lcy: str | None, time_zone: str) -> None:
        if not LedgerSetup.objects.exists():
            if lcy is None:
                raise CommandError("The company has no setup and the export has no exchange rates: give its --lcy.")
            try:
                validate_time_zone(time_zone)
                setup = install_chart(company_name=company, lcy=lcy, time_zone=time_zone)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            self.said.write(f"Set up with the default chart: {setup.company_name}, {setup.lcy_id}, {setup.time_zone}.")
        if not CreditsSetup.objects.exists():
            CreditsSetup.objects.create(id=1, product_group_id="CREDITS")

    def settle(self, imported: Imported, on: datetime.date) -> list[str]:
        """What the night could not do."""
        self.tell(settle(imported.milestones, on=on, actor=None))
        errors = []
        for run in run_nights(on):
            self.said.write(f"Night of {run.business_date}: {run.state}")
            errors += [error for step in night_report(run) for error in step.errors]
        for error in errors:
            self.stderr.write(error)
        return errors

    def tell(self, settled: Settled) -> None:
        allocated = formats.counted(settled.allocated, "milestones")
        self.said.write(f"Allocated: {allocated}. Completed: {formats.number(settled.completed)}.")
        for number, reason in settled.refusals.items():
            self.said.write(f"  {number} stays open: {reason}")

    def print_json(self, imported: Imported) -> None:
        self.stdout.write(json.dumps({"balances": balances(), "allocations": allocations(imported.milestones)}))
