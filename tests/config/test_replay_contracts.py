"""The replay works contracts out anew: what a period costs and tops up, how it is cut, what was released, taken back and
credited. It agrees with the books that the product made, and names what was changed behind its back, and by how much."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from config.replay.compare import Replayed, replay
from ledger.models import Dimension, JournalEntry
from prepaid.models import ContractDeferral, CreditScope, DeferralLine, PrepaidSetup, ReleaseRun
from prepaid.services.contracts.prices import Price, set_price
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid import selling
from tests.prepaid.contracting import D, agree, at, billed, make_budget, make_contract, make_hours, make_item, nights
from tests.prepaid.year import with_vat

LAST = D(2026, 9, 30)
pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-09-30T12:00:00+00:00")]


def differences() -> list[str]:
    return [str(difference) for difference in replay(Replayed(), day_of=lambda at: LAST)]


@pytest.fixture
def finance(db):
    selling.make_company(dimension=Dimension.objects.create(code="SERVICE", name="Service"))
    return builders.make_user("finance")


def credit(invoice, scope: str, on: datetime.date, *, actor) -> None:
    with at(on):
        post_document(create_credit_memo(invoice, scope=scope, reason="As agreed", actor=actor), actor=actor)


def work(service, hours: str, on: datetime.date, *, actor):
    product = selling.make_product(f"WORK-{on}-{service.pk}")
    terms = LineTerms(
        product=product,
        quantity=Decimal(hours),
        unit_of_measure="HOUR",
        unit_price=Decimal("90.01"),
        prepaid_service=service,
    )
    with at(on):
        return post_document(selling.make_document(service.account, terms, on=on, actor=actor), actor=actor)


def some_nights(*days: datetime.date) -> None:
    for day in days:
        nights(day, day)


def nine_months(*, actor) -> None:
    """Hours from the 31st with VAT, a year in pounds whose price changes, a budget that is credited in part and one that is
    credited as a whole; releases of which one is taken back; usage, its credit memo, and what lapses."""
    builders.make_rate("GBP", "1.2711")
    account, abroad = builders.make_account(), builders.make_account("Quay & Co.", currency="GBP")
    with_vat(account)
    full = {"vat_product_group_id": "FULL"}
    make_item(**full)
    contract, pounds = make_contract(account, actor=actor), make_contract(abroad, actor=actor)
    hours = make_hours(account, "1M+CM", actor=actor)
    budget, whole = make_budget(account, actor=actor), make_budget(account, actor=actor)
    agree(
        account, starts_on=D(2026, 1, 31), price="33.33", quantity="2.5", per_period="1.3", discount="7.5", contract=contract,
        service=hours, rhythm="1Q", actor=actor,
    )  # fmt: skip
    yearly = {"base_period": "1Y", "rhythm": "1Y", "quantity": "1", "actor": actor, "starts_on": D(2026, 1, 12)}
    first = agree(account, price="1000.00", contract=contract, service=budget, **yearly)
    second = agree(account, price="777.77", contract=contract, service=whole, **yearly)
    changed = agree(abroad, price="0.50", contract=pounds, **yearly | {"rhythm": "1M", "base_period": "1Y"})
    with at(D(2026, 1, 31)):
        set_price(changed, Price(price=Decimal("899.99")), from_on=D(2026, 4, 20), actor=actor)
        billed(D(2026, 1, 31), first, actor=actor)
        billed(D(2026, 1, 31), second, actor=actor)
    PrepaidSetup.objects.update(automatic_billing="post")
    some_nights(D(2026, 2, 1), D(2026, 2, 28), D(2026, 3, 9))
    used = work(hours, "2.25", D(2026, 3, 9), actor=actor)
    selling.make_product("WORK", group="SERVICES")
    with at(D(2026, 3, 10)):
        part = selling.use(budget, "70.01", "30.33", on=D(2026, 3, 10), actor=actor)
        post_document(create_credit_memo(used, reason="Not done", actor=actor), actor=actor)
    some_nights(D(2026, 3, 31), D(2026, 4, 1), D(2026, 5, 1), D(2026, 5, 30))
    with at(D(2026, 5, 31)):
        done = release_deferrals(actor=actor)
        assert done.run
        undo_release(done.run, reason="Too early", actor=actor)
        again = release_deferrals(contracts=[contract.pk], actor=actor)
        assert again.parts
    credit(first.billed_periods.get().line.document, CreditScope.FUTURE, D(2026, 6, 1), actor=actor)
    credit(second.billed_periods.get().line.document, CreditScope.EVERYTHING, D(2026, 6, 2), actor=actor)
    PrepaidSetup.objects.update(dimension=None, by_equal_months=True, release_day="first")
    some_nights(D(2026, 6, 1), D(2026, 6, 30), D(2026, 7, 31), LAST)
    assert part.is_posted


BROKEN = [
    ("UPDATE prepaid_deferralline SET amount = amount + 0.01 WHERE id = (SELECT min(id) FROM prepaid_deferralline)",
     "amount: 54.79 by the events, 54.8 as stored"),
    ("UPDATE prepaid_deferralline SET amount_lcy = amount_lcy - 0.01 WHERE id = (SELECT min(l.id) FROM prepaid_deferralline l"
     " JOIN prepaid_contractdeferral d ON d.id = l.deferral_id WHERE d.currency_id = 'GBP' AND l.amount > 40)",
     "amount lcy: 61.51 by the events, 61.5 as stored"),
    ("UPDATE prepaid_deferralline SET due_on = due_on + 1 WHERE id = (SELECT min(id) FROM prepaid_deferralline)",
     "due on: 2026-01-31 by the events, 2026-02-01 as stored"),
    ("UPDATE prepaid_deferralline SET run_id = (SELECT max(id) FROM prepaid_releaserun)"
     " WHERE id = (SELECT min(id) FROM prepaid_deferralline)",
     "the entry: not posted by the events, there as stored"),
    ("UPDATE prepaid_deferralline SET closed_by_id = NULL WHERE closed_by_id IS NOT NULL",
     "by the events, nothing as stored"),
    ("UPDATE prepaid_contractdeferral SET revenue_account_id = '4000' WHERE id ="
     " (SELECT min(id) FROM prepaid_contractdeferral)",
     "revenue account: 4020 by the events, 4000 as stored"),
    ("UPDATE prepaid_billedperiod SET kept_until = kept_until - 1 WHERE kept_until = '2026-05-31'",
     "kept until: 2026-05-31 by the events, 2026-05-30 as stored"),
    ("UPDATE prepaid_billedperiod SET top_up_quantity = 9.7501 WHERE top_up_quantity = 9.75",
     "top up quantity: 9.75 by the events, 9.7501 as stored"),
    ("UPDATE prepaid_prepaidentry SET quantity = 19.5 WHERE id ="
     " (SELECT min(id) FROM prepaid_prepaidentry WHERE quantity = 9.75)",
     "quantity: 9.75 by the events, 19.5 as stored"),
    ("UPDATE prepaid_prepaidentry SET posted_on = posted_on + 1 WHERE quantity = 9.75",
     "posted on: 2026-01-31 by the events, 2026-02-01 as stored"),
    ("UPDATE prepaid_salesline SET net = net + 0.01 WHERE role = 'contract' AND net = 231.23 AND corrects_line_id IS NULL",
     "net: 231.23 by the events, 231.24 as stored"),
    ("UPDATE ledger_journalline SET account_id = '4000' WHERE account_id = '4020' AND lot = (SELECT min(lot) FROM"
     " ledger_journalline WHERE lot LIKE 'contract:%')", "account: 4020 by the events, 4000 as stored"),
    ("DELETE FROM ledger_journalentry WHERE event_key LIKE 'contract-release:%:undone'",
     "the entry: posted by the events, missing as stored"),
    ("UPDATE ledger_journalentry SET effective_on = effective_on - 1 WHERE event_key LIKE 'contract-release:%'",
     "effective on: 2026-01-31 by the events, 2026-01-30 as stored"),
    ("UPDATE prepaid_salesline SET role = 'usage' WHERE role = 'contract' AND net = 231.23",
     "ledger account: 4020 by the events, 2420 as stored"),
]  # fmt: skip


def after(sql: str) -> list[str]:
    """What it finds where somebody with a backup in hand did that; nothing of it stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount > 0, sql
        found = differences()
        transaction.set_rollback(True)
    return found


def test_it_agrees_with_nine_months_of_contracts_and_names_what_was_changed(finance):
    nine_months(actor=finance)
    assert ContractDeferral.objects.count() > 10
    assert ReleaseRun.objects.exclude(undone_at=None).exists()
    assert DeferralLine.objects.filter(closed_by__isnull=False, run__isnull=False).exists()
    assert differences() == []
    seen = Replayed()
    assert list(replay(seen, day_of=lambda at: LAST)) == []
    assert seen.entries == JournalEntry.objects.count()
    said = [(sql, sentence, after(sql)) for sql, sentence in BROKEN]
    missed = [row for row in said if not any(line.endswith(row[1]) for line in row[2])]
    assert missed == [], "\n".join(map(str, missed))
