from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ledger.services.rate_import import import_rates
from ledger.services.rate_lines import COLUMNS
from pages.imports import FileRefused
from pages.refusals import Refused


class Command(BaseCommand):
    help = (
        f"Imports exchange rates from a CSV or XLSX file with the columns {', '.join(COLUMNS)}: all of it, or nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options) -> None:
        try:
            imported = import_rates(self.read(file), file_name=file.name, actor=None)
        except FileRefused as refused:
            raise CommandError("\n".join([refused.message, *map(str, refused.problems)])) from refused
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(imported.said)

    def read(self, file: Path) -> bytes:
        try:
            if file.stat().st_size > settings.UPLOAD_MAX_BYTES:
                raise CommandError(f"{file} is larger than UPLOAD_MAX_MB allows. Split it into several files.")
            return file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
