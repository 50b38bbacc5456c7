import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from config.checks import Checked, check_books


class Command(BaseCommand):
    help = "Looks for anything in the books that should not be there; changes nothing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="print every check with what it found as JSON")

    def handle(self, *, json, **options) -> None:
        checked = self.look()
        self.show(checked, as_json=json)
        if any(check.offenders for check in checked):
            sys.exit(1)

    def look(self) -> list[Checked]:
        """All checks see the books of one moment, whatever is posted meanwhile."""
        outermost = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return check_books()

    def show(self, checked: list[Checked], *, as_json: bool) -> None:
        found = [offender for check in checked for offender in check.offenders]
        if as_json:
            self.stdout.write(json.dumps({"ok": not found, "checks": [asdict(check) for check in checked]}))
        elif not found:
            self.stdout.write("The books agree.")
        else:
            first = found[0]
            self.stderr.write(f"{first.subject} breaks the rule “{first.rule}”: {first.detail}")
            self.stderr.write(f"{len(found):,} in all; with --json they are listed.")
