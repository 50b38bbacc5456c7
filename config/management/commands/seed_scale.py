from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config.scale.company import generate
from credits.models import Purchase
from ledger.dates import business_date


class Command(BaseCommand):
    help = "Fills an empty database with a generated company of that size, deterministic from its seed."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--accounts", type=int, required=True)
        parser.add_argument("--purchases", type=int, required=True)
        parser.add_argument(
            "--deferrals", type=int, default=0, help="contract invoices of a year, in twelve parts each"
        )
        parser.add_argument("--seed", default="drawdown")

    def handle(self, *, accounts: int, purchases: int, deferrals: int, seed: str, **options) -> None:
        if accounts < 1 or min(purchases, deferrals) < 0:
            raise CommandError("Give at least one account, and no negative number of purchases or deferrals.")
        if Purchase.objects.filter(number__startswith="SCG-").exists():
            raise CommandError("A generated company is here already. Use an empty database.")
        generate(accounts=accounts, purchases=purchases, deferrals=deferrals, seed=seed, on=business_date())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"{accounts:,} accounts with {purchases:,} purchases.")
