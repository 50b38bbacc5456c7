from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from credits.certinia.exporting import write_export
from pages.refusals import Refused


class Command(BaseCommand):
    help = (
        "Writes exchange rates, accounts, purchases and milestones into a folder, under the names of a data export of "
        "Certinia PSA; import_certinia reads them again unchanged."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *, folder: Path, **options) -> None:
        try:
            names = write_export(folder)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Written to {folder}: {', '.join(names)}.")
