import datetime

from django.core.management.base import BaseCommand, CommandError

from ledger.dates import business_date
from ledger.reports.beancount import beancount
from pages.refusals import Refused


class Command(BaseCommand):
    help = "Writes the journal in Beancount's plain-text format, with the balances of each account to be checked."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--on", type=datetime.date.fromisoformat, help="up to this day (default: today)")

    def handle(self, *, on: datetime.date | None, **options) -> None:
        try:
            for line in beancount(on or business_date()):
                self.stdout.write(line)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
