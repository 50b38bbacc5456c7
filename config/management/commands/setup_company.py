from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from credits.models import CreditsSetup
from ledger.models.setup import validate_time_zone
from ledger.services.chart import install_chart
from prepaid.models import PrepaidSetup


class Command(BaseCommand):
    help = (
        "Sets up a new company: general ledger setup, the default chart of accounts with its posting setup, and the "
        "services credits setup. What is there already stays as it is."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--name", required=True, help="the company's name")
        parser.add_argument("--lcy", required=True, help="its own currency, as in USD")
        parser.add_argument(
            "--lcy-decimals", type=int, default=2, help="of a currency that is not known yet (default: 2)"
        )
        parser.add_argument("--time-zone", required=True, help="decides when its days end, as in Europe/Berlin")

    @transaction.atomic
    def handle(self, *, name: str, lcy: str, lcy_decimals: int, time_zone: str, **options) -> None:
        try:
            validate_time_zone(time_zone)
            setup = install_chart(company_name=name, lcy=lcy, lcy_decimals=lcy_decimals, time_zone=time_zone)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        CreditsSetup.objects.get_or_create(id=1, defaults={"product_group_id": "CREDITS"})
        PrepaidSetup.objects.get_or_create(id=1, defaults={"deferral_group_id": "PREPAID-DEF"})
        self.stdout.write(f"{setup.company_name}: {setup.lcy_id}, {setup.time_zone}.")
