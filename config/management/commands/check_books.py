import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from config.checks import Checked, check_books
from ledger.reports.seal_checks import unknown
from ledger.reports.seals import Head


class Command(BaseCommand):
    help = "Looks for anything in the books that should not be there; changes nothing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="print every check with what it found as JSON")
        parser.add_argument(
            "--seal",
            metavar="NUMBER:HASH",
            action="append",
            default=[],
            help="a head of the register that was noted earlier, elsewhere: it must still be in it (may be repeated)",
        )

    def handle(self, *, json, seal, **options) -> None:
        try:
            heads = [Head.read(text) for text in seal]
        except ValueError as error:
            raise CommandError(str(error)) from error
        checked = self.look(heads)
        self.show(checked, as_json=json)
        if any(check.offenders for check in checked):
            sys.exit(1)

    def look(self, heads: list[Head]) -> list[Checked]:
        """All checks see the books of one moment, whatever is posted meanwhile."""
        outermost = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return [*check_books(), *(Checked(f"head {head.number}", unknown(head)) for head in heads)]

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
