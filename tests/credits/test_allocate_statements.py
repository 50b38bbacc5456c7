"""What allocating costs, and which lock comes first."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.models import Purchase
from credits.services.allocate import adjust, allocate
from credits.services.corrections import (
    approve_correction,
    decline_correction,
    request_refund,
    request_reinstatement,
    withdraw_correction,
)
from credits.services.dates import change_dates
from credits.services.edit_milestone import Details, create_milestone, edit_milestone
from credits.services.expire import expire_purchase
from credits.services.expire_selection import expire_selection
from credits.services.milestones import complete, reopen
from credits.services.night import earn_milestones, expect_breakage, expire_credits
from credits.services.purchases import confirm_purchase, create_purchase, delete_draft, edit_draft, return_to_draft
from ledger.dates import business_date
from tests.builders import (
    make_account,
    make_company,
    make_milestone,
    make_project,
    make_purchase,
    make_terms,
    make_user,
)
from tests.credits.correcting import estimated

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


def statements(action) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"] for query in captured]


def test_as_many_statements_for_one_lot_as_for_a_thousand():
    make_company()
    counts = {}
    for lots in (1, 10, 1000):
        account, actor = make_account(), make_user()
        lot = make_purchase(account, number_of_credits=1)
        columns = [field.name for field in Purchase._meta.concrete_fields
                   if not (field.generated or field.primary_key or field.name == "number")]  # fmt: skip
        values = {name: getattr(lot, name) for name in columns}
        Purchase.objects.bulk_create(Purchase(number=f"{lot}-{at}", **values) for at in range(lots - 1))
        milestone = make_milestone(make_project(account), lots)
        counts[lots] = len(statements(lambda milestone=milestone, actor=actor: allocate(milestone, actor=actor)))
        assert milestone.consumptions.count() == lots
    assert len(set(counts.values())) == 1
    assert counts[1] <= 16


def services():
    """Every service that changes a balance, each on a customer of its own that is ready for it."""
    account, actor = make_account(), make_user()
    lot = make_purchase(account)
    draft = make_purchase(account, draft=True)
    project = make_project(account)
    milestone, held, done = (make_milestone(project, 2) for _ in range(3))
    for each in (held, done):
        allocate(each, actor=actor)
    complete(done, actor=actor)
    terms, details = make_terms(account), Details(project=project, name="Other", credits_needed=3)
    dates = {"starts_on": lot.starts_on, "expires_on": lot.expires_on.replace(year=2028), "reason": "Renewed"}
    return {
        "create_purchase": lambda: create_purchase(terms, actor=actor),
        "edit_draft": lambda: edit_draft(draft, terms, actor=actor),
        "delete_draft": lambda: delete_draft(draft, actor=actor),
        "confirm_purchase": lambda: confirm_purchase(draft, actor=actor),
        "return_to_draft": lambda: return_to_draft(make_purchase(account), actor=actor),
        "change_dates": lambda: change_dates(lot, actor=actor, **dates),
        "expire_purchase": lambda: expire_purchase(lot, actor=actor, on=lot.expires_on),
        "allocate": lambda: allocate(milestone, actor=actor),
        "adjust": lambda: adjust(held, total=1, actor=actor),
        "complete": lambda: complete(held, actor=actor),
        "reopen": lambda: reopen(done, actor=actor, reason="Not accepted"),
        "create_milestone": lambda: create_milestone(details, actor=actor),
        "edit_milestone": lambda: edit_milestone(milestone, details, actor=actor),
        "expire by night": lambda: expire_credits(account.pk, account.pk, lot.expires_on),
        "earn by night": lambda: earn_milestones(account.pk, account.pk, lot.expires_on),
        "expect by night": lambda: expect_breakage(account.pk, account.pk, lot.expires_on),
        **corrections(actor),
    }


def corrections(actor):
    """Asking, deciding and carrying out, each on a lot of its own; the breakage estimate waits for its night."""
    account, other, today = make_account(), make_user("approver"), business_date()
    lot, expired, more = (make_purchase(account, expires_on=today) for _ in range(3))
    for each in (expired, more):
        expire_purchase(each, actor=actor)
    estimated("10")
    asked = {"reason": "They leave", "actor": actor}
    refund = request_refund(make_purchase(account), credits=2, **asked)
    reinstatement = request_reinstatement(more, new_expires_on=today, **asked)
    declined, withdrawn = (request_refund(make_purchase(account), credits=2, **asked) for _ in range(2))
    return {
        "request_refund": lambda: request_refund(lot, credits=2, **asked),
        "request_reinstatement": lambda: request_reinstatement(expired, new_expires_on=today, **asked),
        "approve a refund": lambda: approve_correction(refund, actor=other),
        "approve a reinstatement": lambda: approve_correction(reinstatement, actor=other),
        "decline_correction": lambda: decline_correction(declined, note="They stay", actor=other),
        "withdraw_correction": lambda: withdraw_correction(withdrawn, actor=actor),
        "expire_selection": lambda: expire_selection([lot.pk], actor=actor),
    }


NAMES = (
    "create_purchase", "edit_draft", "delete_draft", "confirm_purchase", "return_to_draft", "change_dates",
    "expire_purchase", "allocate", "adjust", "complete", "reopen", "create_milestone", "edit_milestone",
    "expire by night", "earn by night", "expect by night", "request_refund", "request_reinstatement", "approve a refund",
    "approve a reinstatement", "decline_correction", "withdraw_correction", "expire_selection",
)  # fmt: skip
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


@pytest.mark.parametrize("name", NAMES)
def test_the_account_is_locked_before_anything_is_locked_or_written(name):
    """Origin: pretix#6396, refund paths lacked the lock that payment paths had (bug 12)."""
    make_company()
    action = services()[name]
    taken = [sql for sql in statements(action) if " FOR " in sql or sql.lstrip().upper().startswith(WRITES)]
    assert "FOR NO KEY UPDATE" in taken[0]
    assert 'FROM "opportunities_account"' in taken[0]
    assert len(taken) > 1
