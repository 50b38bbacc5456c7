import json
import sys
from dataclasses import asdict
from itertools import islice

from django.core.management.base import BaseCommand

from config.replay.compare import Difference, Replayed, replay

MOST_LISTED = 100


class Command(BaseCommand):
    help = (
        "Works out every lot and every journal line anew from the business events, by a model of its own, and names the "
        "first difference; changes nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--json", action="store_true", help=f"print what was compared, and up to {MOST_LISTED} differences"
        )

    def handle(self, *, json, **options) -> None:
        seen = Replayed()
        found = list(islice(replay(seen), MOST_LISTED if json else 1))
        self.show(seen, found, as_json=json)
        if found:
            sys.exit(1)

    def show(self, seen: Replayed, found: list[Difference], *, as_json: bool) -> None:
        if as_json:
            differences = [asdict(difference) for difference in found]
            self.stdout.write(json.dumps({"ok": not found, **asdict(seen), "differences": differences}))
        elif found:
            self.stderr.write(str(found[0]))
        else:
            compared = (
                f"{seen.lots:,} lots of {seen.customers:,} customers, {seen.entries:,} entries, {seen.lines:,} lines"
            )
            self.stdout.write(f"The events make the same books: {compared}.")
