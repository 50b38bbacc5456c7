import json
from itertools import chain

from django.core.management.base import BaseCommand

from config.scale.bench_allocation import bench_allocation
from config.scale.bench_night import bench_night
from config.scale.bench_reports import bench_reports
from config.scale.bench_seal import bench_seal


class Command(BaseCommand):
    help = "The benchmarks: one JSON object per line. Ratios are taken in one run against a stated floor or peer."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--accounts", type=int, default=20_000)
        parser.add_argument("--purchases", type=int, default=200_000)

    def handle(self, *, accounts: int, purchases: int, **options) -> None:
        size = {"accounts": accounts, "purchases": purchases}
        for result in chain(bench_allocation(), bench_seal(), bench_night(**size), bench_reports(**size)):
            self.stdout.write(json.dumps(result))
