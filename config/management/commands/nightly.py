import datetime
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.night import rehearse_nights, run_nights
from ledger.dates import business_date
from ledger.models import BatchRun
from ledger.models.nights import State
from ledger.reports.nights import night_report
from pages.refusals import Refused


class Command(BaseCommand):
    help = (
        "Runs the night: expiry, revenue of what is completed, sealing; missed days first. The same code as by Celery."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--date", type=datetime.date.fromisoformat, help="business date, as in 2026-11-24 (default: today)"
        )
        parser.add_argument("--dry-run", action="store_true", help="do everything, then roll it back")
        parser.add_argument("--json", action="store_true", help="print what each step did as JSON")

    def handle(self, *, date, dry_run, json, **options) -> None:
        try:
            today = business_date()
            if date and date > today:
                self.stderr.write(f"Warning: {date} is in the future; what expires until then is posted now.")
            report = self.rehearse(date or today) if dry_run else self.run(date or today)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.show(report, as_json=json)
        if any(step["errors"] for night in report["nights"] for step in night["steps"]):
            sys.exit(1)

    def rehearse(self, date: datetime.date) -> dict[str, Any]:
        steps = [
            {
                "name": name,
                "state": "failed" if outcome.failed else "incomplete" if outcome.errors else "done",
                "counts": outcome.counts,
                "noted": outcome.noted,
                "errors": outcome.errors,
            }
            for name, outcome in rehearse_nights(date)
        ]
        state = State.FAILED if any(step["state"] == "failed" for step in steps) else State.DONE
        return {"dry_run": True, "nights": [{"business_date": date.isoformat(), "state": state, "steps": steps}]}

    def run(self, date: datetime.date) -> dict[str, Any]:
        return {"dry_run": False, "nights": [self.night(run) for run in run_nights(date)]}

    def night(self, run: BatchRun) -> dict[str, Any]:
        steps = [
            {
                "name": step.name,
                "state": step.state,
                "counts": step.counts,
                "noted": step.noted,
                "errors": step.errors,
            }
            for step in night_report(run)
        ]
        return {"business_date": run.business_date.isoformat(), "state": run.state, "steps": steps}

    def show(self, report: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report))
            return
        for night in report["nights"]:
            note = " (dry run)" if report["dry_run"] else ""
            self.stdout.write(f"Night of {night['business_date']}{note}: {night['state']}")
            for step in night["steps"]:
                counts = ", ".join(f"{number:,} {name}" for name, number in step["counts"].items()) or "nothing"
                self.stdout.write(f"  {step['name']}: {counts}")
                for name, word in step["noted"].items():
                    self.stdout.write(f"    {name}: {word}")
                for error in step["errors"]:
                    self.stdout.write(f"    ! {error}")
