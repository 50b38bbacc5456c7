"""The largest lot there can be, in a foreign currency: as many credits and as dear as fits, to exactly zero."""

import datetime
from decimal import Decimal

import pytest

from config.checks import check_books
from credits.models import Purchase
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from ledger.reports.roll_forward import roll_forward
from ledger.tie_outs import tie_outs
from tests.builders import books, make_milestone, make_project, make_purchase, make_rate
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TONIGHT = datetime.date(2026, 11, 25)
AFTER_EXPIRY = datetime.date(2027, 11, 2)
CREDITS = 10**18 - 1
PRICE = Decimal("9999999999999999.99")
PAID = CREDITS * 999_999_999_999_999_999  # pence


def lcy_cents(pence: int) -> int:
    """At 1.2711, half up."""
    return (pence * 12711 + 5000) // 10000


def test_the_largest_lot_is_used_reopened_and_expired_to_zero_in_both_currencies(account, sam):
    make_rate("GBP", "1.2711")
    lot = make_purchase(account, currency="GBP", number_of_credits=CREDITS, amount_paid_per_credit=PRICE)
    project = make_project(account, currency="GBP")
    parts = [CREDITS // 3 + 1, CREDITS // 7]
    for part in parts:
        milestone = make_milestone(project, part)
        allocate(milestone, actor=sam)
        complete(milestone, actor=sam)
    assert night(account, TONIGHT) == []
    earned = {"GBP": sum(parts) * PRICE, "LCY": Decimal(cumulative(sum(parts))).scaleb(-2)}
    assert books(TONIGHT)["4000"] == {currency: -amount for currency, amount in earned.items()}

    reopen(milestone, actor=sam, reason="Scope changed")
    adjust(milestone, total=0, actor=sam)
    assert night(account, AFTER_EXPIRY) == []
    kept = Decimal(cumulative(parts[0])).scaleb(-2)
    assert books(AFTER_EXPIRY) == {
        "1100": {"GBP": CREDITS * PRICE, "LCY": Decimal(lcy_cents(PAID)).scaleb(-2)},
        "4000": {"GBP": -parts[0] * PRICE, "LCY": -kept},
        "4090": {"GBP": -(CREDITS - parts[0]) * PRICE, "LCY": kept - Decimal(lcy_cents(PAID)).scaleb(-2)},
    }
    lot = Purchase.objects.get()
    assert (lot.credits_available, lot.deferred, lot.deferred_lcy) == (0, 0, 0)
    assert [check for check in check_books() if check.offenders] == []
    assert all(row.agrees for row in tie_outs(AFTER_EXPIRY))
    rows = roll_forward(TONIGHT, AFTER_EXPIRY)
    assert {(row.own.changes, row.lcy.changes) for row in rows} == {(0, 0)}
    assert (rows[-1].own.closing, rows[-1].lcy.closing) == (0, 0)


def cumulative(units: int) -> int:
    """Cents of LCY that have left the lot with that many units, half up."""
    return (2 * lcy_cents(PAID) * units + CREDITS) // (2 * CREDITS)
