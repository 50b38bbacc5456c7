"""What contracts know of the deferred revenue: for `ledger.reports.deferrals`, which describes the columns."""

from pathlib import Path

PARTS = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
