"""The night in which every lot expires, against bare SQL that writes the same rows (`floor`)."""

import datetime
from collections.abc import Iterator

from config.scale.floor import SEALS, Compared, Written, compare

Result = dict[str, str | float | None]

WRITTEN = Written(
    rows={
        "credits_allocation": "SELECT * FROM credits_allocation WHERE allocation_type = 'expiry'",
        "credits_consumption": "SELECT id, credits, value_per_credit, amount_paid_per_credit, consumed_on, account_id,"
        " allocation_id, created_by_id, currency_id, milestone_id, purchase_id, consumption_type, created_at"
        " FROM credits_consumption WHERE consumption_type = 'expiry'",
        "ledger_journalentry": "SELECT * FROM ledger_journalentry WHERE kind IN ('expiry', 'completion')",
        "ledger_journalline": "SELECT l.* FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id"
        " WHERE e.kind IN ('expiry', 'completion')",
        "credits_release": "SELECT * FROM credits_release WHERE cause IN ('expired', 'consumed')",
        **SEALS,
        "credits_purchase": "SELECT id, credits_expired, credits_released, credits_consumed, released, released_lcy"
        " FROM credits_purchase WHERE credits_released > 0",
        "credits_completion": "SELECT id, earned_on, entry_id FROM credits_completion WHERE earned_on IS NOT NULL",
    },
    updates={
        "credits_purchase": "UPDATE credits_purchase p SET credits_expired = s.credits_expired,"
        " credits_released = s.credits_released, credits_consumed = s.credits_consumed, released = s.released,"
        " released_lcy = s.released_lcy FROM staged_credits_purchase s WHERE s.id = p.id",
        "credits_completion": "UPDATE credits_completion c SET earned_on = s.earned_on, entry_id = s.entry_id"
        " FROM staged_credits_completion s WHERE s.id = c.id",
    },
    following=("credits_purchase",),  # the totals of a lot follow its consumptions and releases
)


def bench_night(*, accounts: int, purchases: int) -> Iterator[Result]:
    """Seconds and memory of a night in which every lot expires, and its ratios to the floor and to bare rows."""
    far = (datetime.date.today() + datetime.timedelta(days=400)).isoformat()
    seed = ("seed_scale", "--accounts", str(accounts), "--purchases", str(purchases))
    found = compare(WRITTEN, seed=seed, date=far)
    yield from against_the_floor("night", found)
    yield result("night lots", purchases / found.night.seconds, "lots/s")
    yield result("night rows", found.rows / found.night.seconds, "rows/s")
    yield result("night memory", found.night.megabytes, "MB", found.night.megabytes / 300, "300 MB")


def against_the_floor(name: str, found: Compared) -> Iterator[Result]:
    """Seconds of a night, and its ratios to the floor and to bare rows."""
    seconds, floor, bare = found.night.seconds, found.floor, found.untriggered
    yield result(name, seconds, "s", seconds / floor, "bare SQL, same constraints and triggers")
    yield result(f"{name} without triggers", bare, "s", seconds / bare, "bare SQL, no triggers")
    yield result(f"{name} floor", floor, "s", floor / bare, "bare SQL, no triggers")


def result(name: str, value: float, unit: str, ratio: float | None = None, against: str = "") -> Result:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "ratio": ratio and round(ratio, 2),
        "against": against,
    }
