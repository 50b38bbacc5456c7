"""Inflows in currencies without decimals and with three: used, given back, taken back and expired in any order, they end at
zero in their currency and in LCY."""

import itertools
from decimal import Decimal

import pytest

from ledger.tie_outs import check_books, tie_outs
from prepaid.models import InflowBalance
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.expire import expire_residuals
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_rate, trial_balance
from tests.prepaid.selling import TODAY, make_service, top_up, use
from tests.prepaid.year import D, by_hand

pytestmark = pytest.mark.django_db
DAY = D(2026, 11, 2)


def happen(event: str, service, parts: tuple[str, str], actor) -> None:
    first, second = parts
    if event == "a":
        used = use(service, first, on=DAY, actor=actor)
        post_document(create_credit_memo(used, reason="Not done", actor=actor), actor=actor)
    elif event == "b":
        use(service, second, on=DAY, actor=actor)
    else:
        by_hand(service, first, "negative", actor=actor, on=DAY)


@pytest.mark.parametrize(
    ("currency", "rate", "amount", "parts"),
    [("JPY", "0.006667", "1001", ("143", "334")), ("KWD", "3.2501", "7.001", ("0.001", "2.334"))],
)
def test_any_order_of_events_ends_at_zero_in_both(finance, currency, rate, amount, parts):
    """A part is used and credited, another used, a third taken out by hand, the rest lapses; in each order."""
    make_rate(currency, rate)
    for number, order in enumerate(itertools.permutations("abc")):
        account = make_account(f"Customer {number}", currency=currency)
        service = make_service(account, actor=finance, valid_until_formula="1W")
        top_up(service, amount, on=DAY, actor=finance)
        for event in order:
            happen(event, service, parts, finance)
        expire_residuals([service], actor=finance)
    left = InflowBalance.objects.values_list("remaining", "remaining_lcy")
    assert set(left) == {(0, 0)}
    assert "2410" not in trial_balance()
    assert trial_balance()["1100"][currency] == 6 * Decimal(amount)
    assert [offender for check in check_books() for offender in check.offenders] == []
    assert all(row.agrees for row in tie_outs(TODAY))
