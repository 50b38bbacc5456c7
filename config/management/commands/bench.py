import json
from collections.abc import Callable, Iterator
from functools import partial

from django.core.management.base import BaseCommand

from config.scale.bench_allocation import bench_allocation
from config.scale.bench_night import Result, bench_night
from config.scale.bench_release import bench_release
from config.scale.bench_reports import bench_reports
from config.scale.bench_seal import bench_seal


class Command(BaseCommand):
    help = "The benchmarks: one JSON object per line. Ratios are taken in one run against a stated floor or peer."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--accounts", type=int, default=20_000)
        parser.add_argument("--purchases", type=int, default=200_000)
        parser.add_argument("--only", choices=["allocation", "seal", "night", "release", "reports"])

    def handle(self, *, accounts: int, purchases: int, only: str | None, **options) -> None:
        size = {"accounts": accounts, "purchases": purchases}
        benches: dict[str, Callable[[], Iterator[Result]]] = {
            "allocation": bench_allocation,
            "seal": bench_seal,
            "night": partial(bench_night, **size),
            "release": bench_release,
            "reports": partial(bench_reports, **size),
        }
        for name in [only] if only else benches:
            for result in benches[name]():
                self.stdout.write(json.dumps(result))
