"""What the database refuses about billed periods, contract deferrals and their releases, whoever asks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from prepaid.models import BilledPeriod, ReleaseRun, SalesLine, ServiceCommitment
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from tests.prepaid.contract_events import contracts
from tests.prepaid.contracting import D, agree, at, bill_until, make_object
from tests.prepaid.raw import change, copy, delete, let_in, refusal_of
from tests.prepaid.selling import make_document, make_product

pytestmark = pytest.mark.django_db


class World:
    """Contracts with everything that happens to them; two commitments whose July is on invoices not posted yet, an order of a
    cable, and a credit memo of the year that is not posted."""

    def __init__(self, finance):
        self.made = contracts(actor=finance)
        self.account = self.made.year.account
        self.year, self.quarter = self.made.year.pk, self.made.quarter.pk
        self.waits, self.released, self.closed = (
            deferral.lines.get(line_no=number).pk
            for deferral, number in ((self.made.year, 12), (self.made.year, 1), (self.made.quarter, 4))
        )
        self.run, self.later = ReleaseRun.objects.filter(undone_at=None).order_by("pk").values_list("pk", flat=True)[:2]
        with at(D(2026, 7, 1)):
            self.july = agree(self.account, starts_on=D(2026, 7, 1), quantity="1", actor=finance)
            contract = self.july.contract
            self.beside = agree(self.account, starts_on=D(2026, 7, 1), contract=contract, actor=finance)
            (self.invoice,) = bill_until(D(2026, 7, 1), self.july, self.beside, actor=finance).invoices
            self.memo = create_credit_memo(self.made.year.line.document, scope="future", reason="x", actor=finance)
        self.open = BilledPeriod.objects.get(commitment=self.july).pk
        self.second = BilledPeriod.objects.get(commitment=self.beside).pk
        self.posted = BilledPeriod.objects.get(line__deferral=self.year).pk
        self.cable = make_document(
            self.account, LineTerms(product=make_product("CABLE"), unit_price=Decimal(9)), actor=finance
        )
        self.order = make_document(
            self.account, LineTerms(product=make_product("ROPE")), type_="order", actor=finance
        ).lines.get()
        connection.check_constraints()


@pytest.fixture
def world(company, finance):
    return World(finance)


def test_each_constraint_of_a_billed_period(world):
    period = "billedperiod"
    alone = agree(world.account, starts_on=D(2026, 7, 1))
    ServiceCommitment.objects.filter(pk=alone.pk).update(contract=None)
    assert let_in([
        ("billed_period_has_days", change(period, world.open, ends_on=D(2026, 6, 30), kept_until=D(2026, 6, 30))),
        ("billed_period_has_days", change(period, world.open, top_up_quantity=-1)),
        ("billed_period_kept_within", change(period, world.open, kept_until=D(2026, 6, 29))),
        ("billed_period_kept_within", change(period, world.open, kept_until=D(2026, 8, 1))),
        ("billed_period_no_day_twice", change(period, world.second, commitment_id=world.july.pk)),
        ("billed_period_fits_its_line", change(period, world.open, line_id=world.cable.lines.get().pk)),
        ("billed_period_fits_its_line", change(period, world.open, line_id=world.memo.lines.get().pk)),
        ("billed_period_fits_its_line", change(period, world.open, commitment_id=world.made.quarter.commitment_id)),
        ("billed_period_fits_its_line", change(period, world.open, commitment_id=alone.pk)),
        ("billed_period_fits_its_line", copy(period, world.open, starts_on=D(2026, 6, 30))),
        ("billed_period_fits_its_line", change(period, world.open, starts_on=D(2026, 6, 30))),
    ]) == []  # fmt: skip


def test_a_line_bills_one_period(world):
    assert "line_id" in refusal_of(copy("billedperiod", world.open, starts_on=D(2026, 8, 1), ends_on=D(2026, 8, 31),
                                        kept_until=D(2026, 8, 31)))  # fmt: skip


def test_what_a_posted_invoice_bills_is_only_ever_set_back(world):
    period = "billedperiod"
    assert let_in([
        ("billed_period_posted_is_final", change(period, world.posted, starts_on=D(2026, 1, 2))),
        ("billed_period_posted_is_final", change(period, world.posted, ends_on=D(2027, 1, 31))),
        ("billed_period_posted_is_final", change(period, world.posted, top_up_quantity=3)),
        ("billed_period_posted_is_final", change(period, world.posted, commitment_id=world.july.pk)),
        ("billed_period_posted_is_final", delete(period, world.posted)),
    ]) == []  # fmt: skip
    credited = world.made.quarter.line.billed_period
    assert credited.kept_until < credited.ends_on
    later = change(period, credited.pk, kept_until=credited.kept_until + timedelta(days=1))
    assert refusal_of(later) == "billed_period_posted_is_final"


def test_days_of_a_posted_period_are_let_go_by_a_credit_memo_alone(world):
    """Or they would be billed twice, and their revenue earned twice."""
    period, rule = "billedperiod", "billed_period_let_go_by_credit"
    credited = world.made.quarter.line.billed_period
    assert let_in([
        (rule, change(period, world.posted, kept_until=D(2026, 5, 31))),
        (rule, change(period, credited.pk, kept_until=credited.kept_until - timedelta(days=1))),
    ]) == []  # fmt: skip


def test_the_next_billing_date_follows_what_is_billed_whatever_somebody_writes(world):
    commitment = ServiceCommitment.objects.filter(pk=world.july.pk)

    def day():
        return commitment.values_list("next_billing_on", flat=True).get()

    assert day() == D(2026, 8, 1)
    commitment.update(next_billing_on=D(2026, 7, 15))
    assert day() == D(2026, 8, 1)
    BilledPeriod.objects.filter(pk=world.open).update(kept_until=D(2026, 7, 10))
    assert day() == D(2026, 7, 11)
    world.invoice.delete()
    assert day() == D(2026, 7, 1)


def test_what_is_billed_of_a_commitment_stays_as_it_was_agreed(world):
    billed, other = world.made.year.commitment, make_object(world.account).pk
    price = billed.prices.get().pk
    fixed, commitment = "service_commitment_fixed_once_billed", "servicecommitment"
    assert let_in([
        (fixed, change(commitment, billed.pk, object_id=other)),
        (fixed, change(commitment, billed.pk, contract_id=None)),
        (fixed, change(commitment, billed.pk, starts_on=D(2026, 1, 2))),
        (fixed, change(commitment, billed.pk, anchor_on=D(2025, 12, 1))),
        (fixed, change(commitment, billed.pk, base_period="6M")),
        (fixed, change(commitment, billed.pk, partner="vendor")),
        (fixed, change(commitment, billed.pk, currency_id="EUR")),
        ("commitment_price_of_billed_days_stays", change("commitmentprice", price, price=1)),
        ("commitment_price_of_billed_days_stays", change("commitmentprice", price, from_on=D(2027, 1, 1))),
        ("commitment_price_of_billed_days_stays", delete("commitmentprice", price)),
        ("commitment_price_of_billed_days_stays", copy("commitmentprice", price, from_on=D(2026, 12, 31))),
    ]) == []  # fmt: skip
    assert refusal_of(copy("commitmentprice", price, from_on=D(2027, 1, 1))) is None


def test_each_constraint_of_a_contract_deferral(world):
    deferral, free = "contractdeferral", SalesLine.objects.get(billed_period__commitment=world.made.free).pk
    assert let_in([
        ("contract_deferral_has_an_amount", copy(deferral, world.year, line_id=free, amount=0)),
        ("contract_deferral_has_an_amount", copy(deferral, world.year, line_id=free, amount_lcy=-1)),
        ("contract_deferral_has_an_amount", copy(deferral, world.year, line_id=free, exchange_rate=0)),
        ("contract_deferral_has_an_amount", copy(deferral, world.year, line_id=free, ends_on=D(2025, 12, 31))),
        ("contract_deferral_is_cut_whole", copy(deferral, world.year, line_id=free)),
        ("line_id", copy(deferral, world.year)),
        ("append-only", change(deferral, world.year, amount=1)),
        ("append-only", delete(deferral, world.year)),
    ]) == []  # fmt: skip


def test_each_constraint_of_its_parts(world):
    part, memo_line = "deferralline", SalesLine.objects.get(document=world.memo).pk
    other = SalesLine.objects.get(corrects_line=world.made.quarter.line).pk
    assert let_in([
        ("deferral_line_numbered", copy(part, world.waits)),
        ("deferral_line_has_days", copy(part, world.waits, line_no=13, ends_on=D(2026, 11, 30))),
        ("deferral_line_has_days", copy(part, world.waits, line_no=13, due_on=D(2026, 11, 30))),
        ("contract_deferral_is_cut_whole", copy(part, world.waits, line_no=13)),
        ("contract_deferral_is_cut_whole", copy(part, world.waits, line_no=13, amount=0, amount_lcy=0)),
        *(("deferral_line_stays_as_cut", change(part, world.waits, **what)) for what in (
            {"amount": 1}, {"amount_lcy": 1}, {"due_on": D(2027, 1, 1)}, {"line_no": 13}, {"starts_on": D(2026, 12, 2)},
            {"ends_on": D(2026, 12, 30)}, {"deferral_id": world.quarter},
        )),
        ("deferral_line_released_once", change(part, world.released, run_id=world.later)),
        ("deferral_line_released_once", change(part, world.closed, run_id=world.run)),
        ("deferral_line_released_once", change(part, world.closed, closed_by_id=None)),
        ("deferral_line_released_once", change(part, world.waits, run_id=world.run, closed_by_id=memo_line)),
        ("deferral_line_waits_again_with_its_run", change(part, world.released, run_id=None)),
        ("deferral_line_closed_by_its_credit_memo", change(part, world.waits, closed_by_id=other)),
        ("append-only", delete(part, world.waits)),
    ]) == []  # fmt: skip
    assert refusal_of(change(part, world.waits, closed_by_id=memo_line)) is None


def test_each_constraint_of_a_release_run(world):
    run, night = "releaserun", ReleaseRun.objects.create(released_until=D(2026, 4, 30), by_night=True).pk
    undone = ReleaseRun.objects.get(undone_at__isnull=False)
    somebody = undone.undone_by_id
    assert let_in([
        ("release_run_of_a_night", copy(run, night)),
        ("release_run_undone_by_somebody", change(run, world.run, undone_at=D(2026, 4, 1))),
        ("release_run_undone_by_somebody", change(run, world.run, undone_reason="Wrong")),
        ("release_run_undone_by_somebody", change(run, world.run, undone_at=D(2026, 4, 1), undone_by_id=somebody)),
        ("release_run_undone_once", change(run, undone.pk, undone_reason="Another reason")),
        ("release_run_undone_once", change(run, world.run, released_until=D(2026, 12, 31))),
        ("release_run_undone_once", change(run, world.run, by_night=True)),
        ("release_run_undone_once", delete(run, world.run)),
        ("append-only", change("billingrun", world.invoice.billing_run_id, by_night=True)),
        ("append-only", delete("billingrun", world.invoice.billing_run_id)),
    ]) == []  # fmt: skip


def test_each_constraint_of_documents_and_their_lines_that_contracts_brought(world):
    memo, line = world.memo.pk, world.invoice.lines.order_by("line_no").first().pk
    run = world.invoice.billing_run_id
    assert let_in([
        ("sales_document_scope_of_a_credit_memo", change("salesdocument", world.invoice.pk, credit_scope="future")),
        ("sales_document_billing_makes_invoices", change("salesdocument", memo, billing_run_id=run)),
        ("sales_line_fits_its_document", change("salesline", world.order.pk, role="contract")),
        ("sales_line_fits_its_document", change("salesline", world.cable.lines.get().pk, role="commitment")),
        ("sales_line_fits_its_document", change("salesline", world.memo.lines.get().pk, role="sale")),
        ("sales_line_is_what_its_role_says", change("salesline", line, role="usage")),
    ]) == []  # fmt: skip


def test_nothing_of_it_is_emptied(world):
    for table in ("billedperiod", "contractdeferral", "deferralline", "releaserun", "billingrun"):
        with (
            pytest.raises(DatabaseError, match=f"prepaid_{table} is append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE prepaid_{table} CASCADE")
