"""A night that releases a hundred thousand parts of contract deferrals, against bare SQL that writes the same rows."""

import datetime
from collections.abc import Iterator

from config.scale.bench_night import Result, against_the_floor, result
from config.scale.floor import SEALS, Written, compare

ACCOUNTS, DEFERRALS, PARTS = 2_000, 8_400, 12
WRITTEN = Written(
    rows={
        "prepaid_releaserun": "SELECT * FROM prepaid_releaserun",
        "ledger_journalentry": "SELECT * FROM ledger_journalentry WHERE kind = 'contract_release'",
        "ledger_journalline": "SELECT l.* FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id"
        " WHERE e.kind = 'contract_release'",
        **SEALS,
        "prepaid_deferralline": "SELECT id, run_id FROM prepaid_deferralline WHERE run_id IS NOT NULL",
    },
    updates={
        "prepaid_deferralline": "UPDATE prepaid_deferralline l SET run_id = s.run_id FROM staged_prepaid_deferralline s"
        " WHERE s.id = l.id",
    },
)


def bench_release() -> Iterator[Result]:
    """Seconds of the night, and its ratios to the floor and to bare rows."""
    seed = ("seed_scale", "--accounts", str(ACCOUNTS), "--purchases", "0", "--deferrals", str(DEFERRALS))
    found = compare(WRITTEN, seed=seed, date=datetime.date.today().isoformat())
    name = f"release of {DEFERRALS * PARTS:,} parts"
    yield from against_the_floor(name, found)
    yield result(f"{name}, per second", DEFERRALS * PARTS / found.night.seconds, "parts/s")
