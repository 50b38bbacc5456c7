from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import load
from config.demo.logins import logins
from pages.refusals import Refused


class Command(BaseCommand):
    help = "Loads the demo company with its logins; safe to repeat. Never in production: its passwords are public."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--logins", action="store_true", help="print the demo logins and load nothing")
        parser.add_argument("--force", action="store_true", help="also where DRAWDOWN_ENV is production")

    def handle(self, *, logins: bool, force: bool, **options: Any) -> None:
        if settings.PRODUCTION and not force:
            raise CommandError("This is production: the demo's passwords are public. Use --force if you mean it.")
        if not logins:
            self.load()
        self.show_logins()

    def load(self) -> None:
        try:
            loaded = load()
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write("The demo company is loaded." if loaded else "The demo company is there already.")

    def show_logins(self) -> None:
        known = logins()
        self.stdout.write("Demo logins:" if known else "There are no demo logins.")
        for name, password in known:
            self.stdout.write(f"  {name:<12}{password}")
