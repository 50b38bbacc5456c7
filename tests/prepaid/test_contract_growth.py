"""Billing, posting and releasing contracts ask no question again for each commitment, line or part beyond what they write:
how many more statements forty take than ten."""

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prepaid.models import CreditScope, ServiceCommitment
from prepaid.services.contracts.billing import propose
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid.contracting import D, agree, at, bill_until, make_contract, make_hours, make_object

pytestmark = pytest.mark.django_db
FIRST = D(2026, 1, 1)


def statements(work: Callable, *args, **kwargs) -> tuple[int, object]:
    with CaptureQueriesContext(connection) as queries:
        result = work(*args, **kwargs)
    return len(queries), result


def a_customer(commitments: int, *, actor) -> list[ServiceCommitment]:
    """With one contract of so many commitments, that top up one service of hours."""
    account = builders.make_account(f"Customer with {commitments}")
    contract, service = make_contract(account, actor=actor), make_hours(account, actor=actor)
    item = make_object(account, actor=actor)
    return [
        agree(
            account, starts_on=FIRST, contract=contract, service=service, service_object=item, rhythm="1Y", actor=actor
        )
        for _ in range(commitments)
    ]


def one_life(commitments: list[ServiceCommitment], *, actor) -> dict[str, int]:
    """Statements of each step: proposed, billed, posted, twelve parts of each released, taken back, and credited."""
    found = {}
    rows = ServiceCommitment.objects.filter(pk__in=[each.pk for each in commitments])
    with at(FIRST):
        found["propose"], _ = statements(propose, rows, FIRST)
        found["bill"], billed = statements(bill_until, FIRST, *commitments, actor=actor)
        (invoice,) = billed.invoices
        found["post"], _ = statements(post_document, invoice, actor=actor)
    with at(D(2026, 7, 31)):
        contracts = [commitments[0].contract_id]
        found["release"], done = statements(release_deferrals, contracts=contracts, actor=actor)
        assert done.parts == 7 * len(commitments)
        found["undo"], _ = statements(undo_release, done.run, reason="Too early", actor=actor)
        everything = {"scope": CreditScope.EVERYTHING, "reason": "Wrong", "actor": actor}
        found["memo"], memo = statements(create_credit_memo, invoice, **everything)
        found["credit"], _ = statements(post_document, memo, actor=actor)
    return found


def test_forty_commitments_take_little_more_than_ten(company, finance):
    one_life(a_customer(1, actor=finance), actor=finance)  # what is asked once for each process
    few = one_life(a_customer(10, actor=finance), actor=finance)
    many = one_life(a_customer(40, actor=finance), actor=finance)
    for_each = {step: Decimal(many[step] - few[step]) / 30 for step in few}
    constant = {step: each for step, each in for_each.items() if step not in ("post", "credit")}
    assert constant == dict.fromkeys(constant, 0)
    assert for_each["post"] <= 4, for_each  # the inflow, the deferral, its parts, the line
    assert for_each["credit"] <= 6, for_each


def test_twelve_months_at_once_are_billed_with_the_statements_of_one(company, finance):
    """However many periods of a commitment are due."""

    def asked(until: datetime.date) -> int:
        account = builders.make_account(f"Billed until {until}")
        commitment = agree(account, starts_on=FIRST, actor=finance)
        with at(D(2026, 12, 31)):
            count, billed = statements(bill_until, until, commitment, actor=finance)
        assert billed.invoices[0].lines.count() == until.month
        return count

    asked(FIRST)
    assert asked(D(2026, 12, 1)) == asked(D(2026, 1, 31))
