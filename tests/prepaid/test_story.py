"""Rules 20 to 23b of prepaid services, to the cent: after every event the whole trial balance."""

import datetime
from decimal import Decimal

import pytest
import time_machine

from config.night import run_nights
from ledger.tie_outs import check_books
from prepaid.models import PrepaidService, SalesDocument
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests.builders import trial_balance
from tests.prepaid.selling import make_service, top_up, use

pytestmark = pytest.mark.django_db


def stands(**accounts: str) -> dict:
    """USD on accounts, written `a1100="5000.00"`; it is all in LCY."""
    return {code[1:]: {"USD": Decimal(amount), "LCY": Decimal(amount)} for code, amount in accounts.items()}


def balance(service: PrepaidService) -> tuple[Decimal, Decimal]:
    """Outstanding and used."""
    found = PrepaidService.objects.with_balances().get(pk=service.pk)
    return found.outstanding, found.used


def silent() -> bool:
    return [str(offender) for check in check_books() for offender in check.offenders] == []


def test_top_up_usage_difference_and_lapse(account, finance):
    budget = make_service(account, actor=finance)
    top_up(budget, "5000.00", actor=finance)
    assert trial_balance() == stands(a1100="5000.00", a2410="-5000.00")
    first = use(budget, "1234.56", actor=finance)
    assert trial_balance() == stands(a1100="5000.00", a2410="-3765.44", a4010="-1234.56")
    assert [(line.kind, line.net) for line in first.lines.all()] == [
        ("item", Decimal("1234.56")),
        ("balance", Decimal("-1234.56")),
    ]
    assert balance(budget) == (Decimal("3765.44"), Decimal("1234.56"))
    use(budget, "4000.00", actor=finance)
    assert trial_balance() == stands(a1100="5234.56", a4010="-5000.00", a4000="-234.56")
    assert balance(budget) == (0, Decimal("5000.00"))
    lapsing = make_service(account, actor=finance, valid_until_formula="1M")
    top_up(lapsing, "3765.44", actor=finance)
    with time_machine.travel("2026-12-24T12:00:00Z", tick=False):
        list(run_nights(until=datetime.date(2026, 12, 24)))
        assert balance(lapsing) == (Decimal("3765.44"), 0)
    with time_machine.travel("2026-12-25T12:00:00Z", tick=False):
        list(run_nights(until=datetime.date(2026, 12, 25)))
        assert balance(lapsing) == (0, 0)
        assert trial_balance() == stands(a1100="9000.00", a4010="-5000.00", a4000="-234.56", a4090="-3765.44")
        assert silent()


def test_credit_memos_of_both_kinds(account, finance):
    budget = make_service(account, actor=finance)
    sold = top_up(budget, "5000.00", actor=finance)
    used = use(budget, "1234.56", actor=finance)
    memo = create_credit_memo(sold, reason="Cancelled", actor=finance)
    assert [line.net for line in memo.lines.all()] == [Decimal("3765.44")]
    post_document(memo, actor=finance)
    assert trial_balance() == stands(a1100="1234.56", a4010="-1234.56")
    back = post_document(create_credit_memo(used, reason="Not done", actor=finance), actor=finance)
    assert trial_balance() == stands(a1100="1234.56", a2410="-1234.56")
    assert balance(budget) == (Decimal("1234.56"), 0)
    assert SalesDocument.objects.with_totals().get(pk=back.pk).gross == 0
    post_document(create_credit_memo(sold, reason="The rest", actor=finance), actor=finance)
    assert trial_balance() == {}
    assert silent()
