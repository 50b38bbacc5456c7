"""Billing customer contracts: what is due becomes invoices, each period once, at its price, prorated by days."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from config.night import is_due, run_nights
from ledger.dates import business_date
from ledger.models import LedgerSetup, PostingSetup
from ledger.tie_outs import check_books
from prepaid.exceptions import NotBillable, NothingDue, NotPostable
from prepaid.models import (
    BilledPeriod,
    BillingRun,
    CreditScope,
    PrepaidEntry,
    PrepaidService,
    PrepaidSetup,
    SalesDocument,
    ServiceCommitment,
)
from prepaid.services.contracts import billing
from prepaid.services.contracts.billing import post_run, undo_billing
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.contracts.contracts import assign, close_contract, take_out
from prepaid.services.contracts.prices import Price, set_price
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms, add_line, delete_line
from prepaid.services.document_state import release as release_document
from prepaid.services.documents import delete_document
from prepaid.services.night import bill_contracts
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_rate, trial_balance
from tests.prepaid.contracting import (
    ALL_ACCOUNTS,
    D,
    agree,
    at,
    bill_until,
    billed,
    make_budget,
    make_contract,
    make_hours,
)
from tests.prepaid.selling import make_product

pytestmark = pytest.mark.django_db
TODAY = D(2026, 11, 24)


def lines(*invoices: SalesDocument) -> list[tuple]:
    """First day, last day, net of each line."""
    found = BilledPeriod.objects.filter(line__document__in=invoices).order_by("line__document", "line__line_no")
    return [(each.starts_on, each.ends_on, each.line.net) for each in found.select_related("line")]


def balances_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


class TestGrouping:
    def test_one_invoice_for_each_contract_with_a_line_for_each_period(self, account, finance):
        contract = make_contract(account, description="Support", external_reference="PO 7", actor=finance)
        agree(account, starts_on=D(2026, 10, 1), contract=contract)
        agree(account, starts_on=D(2026, 11, 1), contract=contract, price="10", quantity="1")
        agree(account, starts_on=D(2026, 11, 1), price="20", quantity="1")
        made = bill_until(TODAY, actor=finance)
        assert [lines(each) for each in made.invoices] == [
            [
                (D(2026, 10, 1), D(2026, 10, 31), 1000),
                (D(2026, 11, 1), D(2026, 11, 30), 1000),
                (D(2026, 11, 1), D(2026, 11, 30), 10),
            ],
            [(D(2026, 11, 1), D(2026, 11, 30), 20)],
        ]
        first = made.invoices[0]
        assert (first.text, first.external_reference, first.billing_run, first.created_by) == (
            str(contract), "PO 7", made.run, finance,
        )  # fmt: skip
        assert (first.document_on, first.posted_on, first.state) == (TODAY, TODAY, "open")

    def test_one_invoice_for_each_customer_payer_and_currency(self, account, finance):
        make_rate("EUR", "1.1")
        payer = make_account("Holding")
        agree(account, starts_on=D(2026, 11, 1))
        agree(account, starts_on=D(2026, 11, 1), price="10", quantity="1")
        agree(account, starts_on=D(2026, 11, 1), contract=make_contract(account, bill_to=payer))
        agree(account, starts_on=D(2026, 11, 1), currency="EUR")
        made = bill_until(TODAY, by_account=True, actor=finance)
        assert sorted((each.bill_to.name, each.currency_id, each.lines.count()) for each in made.invoices) == [
            ("Harbour Logistics", "EUR", 1),
            ("Harbour Logistics", "USD", 2),
            ("Holding", "USD", 1),
        ]

    def test_what_comes_to_be_due_meanwhile_waits_for_the_next_billing(self, account, finance, monkeypatch):
        """Of an account that nobody has locked nothing is billed."""
        late = agree(make_account(), starts_on=D(2026, 11, 1))
        contract = late.contract
        take_out(late, actor=finance)
        agree(account, starts_on=D(2026, 11, 1))
        lock = billing.lock_account

        def assigned_meanwhile(key):
            monkeypatch.setattr(billing, "lock_account", lock)
            assign(contract, [late], actor=finance)
            return lock(key)

        monkeypatch.setattr(billing, "lock_account", assigned_meanwhile)
        assert [invoice.account for invoice in bill_until(TODAY, actor=finance).invoices] == [account]
        assert [invoice.account for invoice in bill_until(TODAY, actor=finance).invoices] == [late.object.account]

    def test_only_these_commitments_are_billed(self, account, finance):
        one = agree(account, starts_on=D(2026, 11, 1))
        agree(account, starts_on=D(2026, 11, 1))
        made = bill_until(TODAY, one, actor=finance)
        assert [each.billed_period.commitment for each in made.invoices[0].lines.all()] == [one]


class TestAmounts:
    def test_a_start_in_the_middle_of_a_period_is_prorated_by_its_days(self, account, finance):
        """15 of 30 days of November."""
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 11, 16), anchor_on=D(2026, 11, 1), service=hours)
        (invoice,) = billed(TODAY, actor=finance)
        assert lines(invoice) == [(D(2026, 11, 16), D(2026, 11, 30), 500)]
        assert hours.entries.get().quantity == 4

    def test_an_end_in_the_middle_of_a_period_is_prorated_by_its_days(self, account, finance):
        """10 of 31 days of October: 1,000.00 × 10 / 31."""
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 9, 1), ends_on=D(2026, 10, 10), service=hours)
        (invoice,) = billed(TODAY, actor=finance)
        assert lines(invoice) == [
            (D(2026, 9, 1), D(2026, 9, 30), 1000),
            (D(2026, 10, 1), D(2026, 10, 10), Decimal("322.58")),
        ]
        quantities = hours.entries.order_by("posted_on").values_list("quantity", flat=True)
        assert list(quantities) == [8, Decimal("2.5806")]

    def test_a_change_of_price_in_the_middle_of_a_period_cuts_it(self, account, finance):
        """14 days of November at 1,000.00 a month, 16 at 1,200.00."""
        commitment = agree(account, starts_on=D(2026, 11, 1), rhythm="1Q")
        set_price(
            commitment, from_on=D(2026, 11, 15), price=Price(price=Decimal(150), quantity=Decimal(8)), actor=finance
        )
        (invoice,) = billed(TODAY, actor=finance)
        assert lines(invoice) == [
            (D(2026, 11, 1), D(2026, 11, 14), Decimal("466.67")),
            (D(2026, 11, 15), D(2027, 1, 31), Decimal("3040.00")),
        ]

    def test_a_year_billed_by_the_month_comes_to_its_price_and_its_hours(self, account, finance):
        hours = make_hours(account)
        yearly = {"quantity": "1", "base_period": "1Y", "rhythm": "1M", "starts_on": D(2026, 1, 1)}
        commitment = agree(account, price="1000", per_period="10", service=hours, ends_on=D(2026, 12, 31), **yearly)
        (invoice,) = bill_until(D(2026, 12, 31), commitment, actor=finance).invoices
        nets = [line.net for line in invoice.lines.order_by("line_no")]
        assert nets == [Decimal(each) for each in ("83.33", "83.34", "83.33") * 4]
        assert sum(period.top_up_quantity for period in BilledPeriod.objects.all()) == 10

    def test_ten_hours_a_month_billed_quarterly_are_thirty(self, account, finance):
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 11, 1), quantity="10", price="100", rhythm="1Q", service=hours)
        (invoice,) = billed(TODAY, actor=finance)
        line = invoice.lines.get()
        assert (line.quantity, line.unit_price, line.net) == (10, 300, 3000)
        entry = hours.entries.get()
        assert (entry.quantity, entry.posted_on, entry.valid_until) == (30, D(2026, 11, 1), D(2027, 1, 31))

    def test_what_one_tops_up_is_its_own_number(self, account, finance):
        """2 packages of 5 hours a month each."""
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 11, 1), quantity="2", per_period="5", price="400", service=hours)
        billed(TODAY, actor=finance)
        assert hours.entries.get().quantity == 10

    def test_an_amount_is_topped_up_with_the_net_amount(self, account, finance):
        budget = make_budget(account)
        agree(account, starts_on=D(2026, 11, 1), discount="10", service=budget)
        (invoice,) = billed(TODAY, actor=finance)
        line = invoice.lines.get()
        assert (line.unit_price, line.discount_percent, line.net) == (125, 10, 900)
        assert budget.entries.get().amount == 900

    @pytest.mark.parametrize(("currency", "net"), [("JPY", "333"), ("KWD", "333.333"), ("EUR", "333.33")])
    def test_amounts_have_the_decimals_of_their_currency(self, company, finance, currency, net):
        """10 of 30 days at 1,000 a month."""
        make_rate(currency, "1.5")
        account = make_account(currency=currency)
        service = make_budget(account)
        agree(
            account, starts_on=D(2026, 11, 1), ends_on=D(2026, 11, 10), price="1000", quantity="1", service=service
        )  # fmt: skip
        (invoice,) = billed(TODAY, actor=finance)
        assert invoice.lines.get().net == Decimal(net)
        stands = trial_balance()
        assert (stands["1100"][currency], stands["2420"][currency]) == (Decimal(net), -Decimal(net))
        balances_agree()

    def test_a_commitment_for_nothing_tops_up_and_owes_nothing(self, account, finance):
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 11, 1), price="0", service=hours)
        (invoice,) = billed(TODAY, actor=finance)
        assert (invoice.lines.get().net, hours.entries.get().quantity, trial_balance()) == (0, 8, {})
        balances_agree()

    def test_all_is_taken_by_a_discount_of_a_hundred_percent(self, account, finance):
        budget = make_budget(account)
        agree(account, starts_on=D(2026, 11, 1), discount="100", service=budget)
        billed(TODAY, actor=finance)
        assert not budget.entries.exists() and trial_balance() == {}


class TestOnce:
    def test_billing_again_bills_nothing(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        bill_until(TODAY, actor=finance)
        with pytest.raises(NothingDue, match="Nothing is to be billed up to 24 Nov 2026"):
            bill_until(TODAY, actor=finance)
        assert BillingRun.objects.count() == 1

    def test_the_next_billing_begins_where_the_last_one_ended(self, account, finance):
        commitment = agree(account, starts_on=D(2026, 8, 31))
        for until in (D(2026, 9, 30), D(2026, 10, 1), TODAY):
            try:
                bill_until(until, actor=finance)
            except NothingDue:
                assert until == D(2026, 10, 1)
        periods = commitment.billed_periods.order_by("starts_on").values_list("starts_on", "ends_on")
        assert list(periods) == [
            (D(2026, 8, 31), D(2026, 9, 29)),
            (D(2026, 9, 30), D(2026, 10, 30)),
            (D(2026, 10, 31), D(2026, 11, 29)),
        ]
        commitment.refresh_from_db()
        assert commitment.next_billing_on == D(2026, 11, 30)

    def test_what_a_deleted_draft_billed_is_billed_again(self, account, finance):
        commitment = agree(account, starts_on=D(2026, 10, 1))
        (draft,) = bill_until(TODAY, actor=finance).invoices
        first = lines(draft)
        delete_document(draft, actor=finance)
        commitment.refresh_from_db()
        assert commitment.next_billing_on == D(2026, 10, 1)
        assert lines(*bill_until(TODAY, actor=finance).invoices) == first

    def test_a_hole_that_a_deleted_line_left_is_filled(self, account, finance):
        agree(account, starts_on=D(2026, 9, 1))
        (draft,) = bill_until(TODAY, actor=finance).invoices
        delete_line(draft.lines.get(line_no=2), actor=finance)
        assert lines(*bill_until(TODAY, actor=finance).invoices) == [(D(2026, 10, 1), D(2026, 10, 31), 1000)]

    def test_nothing_is_billed_after_the_end(self, account, finance):
        commitment = agree(account, starts_on=D(2026, 10, 1))
        cancel(commitment, ends_on=D(2026, 10, 31), notice_on=D(2026, 10, 1), reason="Agreed", actor=finance)
        assert lines(*bill_until(TODAY, actor=finance).invoices) == [(D(2026, 10, 1), D(2026, 10, 31), 1000)]

    def test_a_term_that_is_not_extended_ends(self, account, finance):
        agree(account, starts_on=D(2025, 11, 25), initial_term="1Y", base_period="1Y", rhythm="1Y")
        assert lines(*bill_until(TODAY, actor=finance).invoices) == [(D(2025, 11, 25), D(2026, 11, 24), 1000)]
        with pytest.raises(NothingDue):
            bill_until(D(2027, 1, 1), actor=finance)

    def test_a_closed_contract_bills_nothing(self, account, finance):
        commitment = agree(account, starts_on=D(2026, 10, 1), ends_on=D(2026, 10, 31))
        (invoice,) = billed(D(2026, 10, 1), actor=finance, posted_on=D(2026, 10, 1))
        close_contract(commitment.contract, actor=finance)
        post_document(
            create_credit_memo(invoice, scope=CreditScope.EVERYTHING, reason="Wrong", actor=finance), actor=finance
        )
        with pytest.raises(NothingDue):
            bill_until(TODAY, actor=finance)


class TestRefused:
    def test_what_the_calendar_does_not_hold_is_named_and_the_others_are_billed(self, account):
        """An agreement of an older version, from before such days were refused."""
        PrepaidSetup.objects.update(automatic_billing="post")
        odd = agree(account, starts_on=D(2026, 11, 1))
        agree(make_account(), starts_on=D(2026, 11, 1))
        ServiceCommitment.objects.filter(pk=odd.pk).update(base_period="9999Y", rhythm="9999Y")
        done = bill_contracts(*ALL_ACCOUNTS, TODAY)
        assert done.counts == {"contract invoices": 1}
        assert len(done.errors) == 1 and "is too long: at most 100Y" in done.errors[0]

    def test_a_quantity_that_no_service_can_hold_is_named_and_the_others_are_billed(self, account):
        PrepaidSetup.objects.update(automatic_billing="post")
        terms = {"quantity": "9999999", "per_period": "999999999", "rhythm": "100Y"}
        agree(account, starts_on=D(2026, 11, 1), service=make_hours(account), **terms)
        agree(make_account(), starts_on=D(2026, 11, 1))
        done = bill_contracts(*ALL_ACCOUNTS, TODAY)
        assert done.counts == {"contract invoices": 1}
        assert len(done.errors) == 1 and "is too much for one line. Choose a shorter rhythm" in done.errors[0]

    def test_a_thousand_periods_are_billed_at_once_and_no_more(self, account, finance):
        """Each with its own line, in statements that take no longer than a page may."""
        daily = agree(account, starts_on=TODAY - datetime.timedelta(days=1000), base_period="1D", rhythm="1D")
        with pytest.raises(
            NotBillable, match=r"more than 1,000 periods are to be billed at once. Bill up to an earlier day"
        ):
            bill_until(TODAY, daily, actor=finance)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '3s'")
            (invoice,) = bill_until(TODAY - datetime.timedelta(days=1), daily, actor=finance).invoices
        assert invoice.lines.count() == 1000
        daily.refresh_from_db()
        assert daily.next_billing_on == TODAY

    def test_a_posting_date_more_than_a_year_ahead_is_refused_at_the_day(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        with pytest.raises(NotBillable, match=r"1 Jan 2030: enter a day up to 25 Nov 2027, a year ahead") as refused:
            bill_until(TODAY, posted_on=D(2030, 1, 1), actor=finance)
        assert refused.value.field == "posted_on"

    def test_a_draft_can_be_deleted_whatever_became_of_the_service(self, account, finance):
        """What a commitment tops up is looked at when it is agreed, and not when a date of it moves."""
        budget = make_budget(account)
        (draft,) = bill_until(TODAY, agree(account, starts_on=D(2026, 11, 1), service=budget)).invoices
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE prepaid_prepaidservice DISABLE TRIGGER prepaid_service_guard")
            cursor.execute("UPDATE prepaid_prepaidservice SET currency_id = 'EUR'")
        delete_document(draft, actor=finance)
        assert not BilledPeriod.objects.exists()

    def test_a_commitment_without_a_price_is_named_and_the_others_are_billed(self, account, finance):
        unpriced = agree(account, starts_on=D(2026, 11, 1), price=None)
        agree(account, starts_on=D(2026, 11, 1))
        made = bill_until(TODAY, actor=finance)
        assert [(each, str(why)) for each, why in made.refusals] == [
            (unpriced, f"{unpriced} has no price from 1 Nov 2026 on. Enter one first.")
        ]
        assert len(made.invoices) == 1

    def test_all_refused_is_refused_as_the_first(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1), price=None)
        with pytest.raises(NotBillable, match="has no price from 1 Nov 2026 on"):
            bill_until(TODAY, actor=finance)
        assert not BillingRun.objects.exists()

    def test_a_closed_prepaid_service_is_named(self, account, finance):
        service = make_hours(account)
        agree(account, starts_on=D(2026, 11, 1), service=service)
        PrepaidService.objects.filter(pk=service.pk).update(closed=True)
        with pytest.raises(NotBillable, match=f"prepaid service {service.number}.* is closed"):
            bill_until(TODAY, actor=finance)

    def test_further_than_a_year_ahead_is_refused_at_the_day(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        with pytest.raises(NotBillable, match="a year ahead") as refused:
            bill_until(D(2027, 11, 26), actor=finance)
        assert refused.value.field == "until"

    def test_periods_to_come_are_billed_ahead_and_posted_on_their_day(self, account, finance):
        """A top-up of a period that has not begun counts from its first day."""
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 12, 1), service=hours)
        (invoice,) = billed(D(2026, 12, 1), actor=finance)
        assert (invoice.posted_on, hours.entries.get().posted_on) == (TODAY, D(2026, 12, 1))
        found = PrepaidService.objects.with_balances(on=TODAY).get(pk=hours.pk)
        assert found.usable_quantity == 0


class TestPostRun:
    def test_every_invoice_that_waits_is_posted_once(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        agree(account, starts_on=D(2026, 11, 1), price="10", quantity="1")
        made = bill_until(TODAY, actor=finance)
        first = post_document(made.invoices[0], actor=finance)
        assert [each.pk for each in post_run(made.run, actor=finance).posted] == [made.invoices[1].pk]
        first.refresh_from_db()
        assert (first.posted_number, trial_balance()["2420"]["USD"]) == ("INV-000001", -1010)
        with pytest.raises(NotPostable, match=f"Every invoice of {made.run} is posted"):
            post_run(made.run, actor=finance)
        balances_agree()

    def test_one_that_cannot_be_posted_stays_a_draft_and_is_named(self, account, finance):
        """There is no rate of EUR before tomorrow."""
        make_rate("EUR", "1.1", starting_on=D(2026, 11, 25))
        agree(account, starts_on=D(2026, 11, 1), currency="EUR")
        agree(account, starts_on=D(2026, 11, 1))
        made = bill_until(TODAY, actor=finance)
        done = post_run(made.run, actor=finance)
        assert [(each.currency_id, each.posted_number) for each in done.posted] == [("USD", "INV-000001")]
        ((draft, why),) = done.refusals
        draft.refresh_from_db()
        assert (draft.currency_id, draft.state) == ("EUR", "open") and "EUR" in str(why)
        balances_agree()

    def test_all_refused_is_refused_as_the_first(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        made = bill_until(TODAY, posted_on=D(2026, 12, 1), actor=finance)
        with pytest.raises(NotPostable, match="1 Dec 2026"):
            post_run(made.run, actor=finance)

    def test_of_a_run_that_was_undone_nothing_is_posted_and_nothing_undone(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        run = bill_until(TODAY, actor=finance).run
        undo_billing(run, actor=finance)
        with pytest.raises(NotPostable, match="it was undone"):
            post_run(run, actor=finance)
        with pytest.raises(NotBillable, match="it was undone"):
            undo_billing(run, actor=finance)


class TestUndo:
    def test_what_is_not_posted_is_deleted_and_can_be_billed_again(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        agree(account, starts_on=D(2026, 11, 1))
        made = bill_until(TODAY, actor=finance)
        posted = post_document(made.invoices[0], actor=finance)
        assert undo_billing(made.run, actor=finance) == 1
        assert list(made.run.invoices.all()) == [posted]
        assert len(bill_until(TODAY, actor=finance).invoices) == 1

    def test_of_what_is_posted_nothing_is_undone(self, account, finance):
        agree(account, starts_on=D(2026, 11, 1))
        made = bill_until(TODAY, actor=finance)
        post_document(made.invoices[0], actor=finance)
        with pytest.raises(NotBillable, match=f"Every invoice of {made.run} is posted"):
            undo_billing(made.run, actor=finance)

    def test_what_somebody_has_worked_on_stays_and_is_named(self, account, finance):
        added_to, released, untouched = (
            agree(each, starts_on=D(2026, 11, 1)) for each in (account, make_account(), make_account())
        )
        done = bill_until(TODAY, added_to, released, actor=finance)
        first, second = done.invoices
        add_line(first, LineTerms(product=make_product("SETUP")), actor=finance)
        release_document(second, actor=finance)
        with pytest.raises(NotBillable, match=r"1.* stays: lines were added to it.*2.* stays: it is released"):
            undo_billing(done.run, actor=finance)
        done = bill_until(TODAY, untouched, actor=finance)
        SalesDocument.objects.filter(pk=first.pk).update(billing_run=done.run)
        assert undo_billing(done.run, actor=finance) == 1
        assert SalesDocument.objects.filter(pk=first.pk).exists()

    def test_another_run_is_not_touched(self, account, finance):
        agree(account, starts_on=D(2026, 10, 1))
        first = bill_until(D(2026, 10, 1), actor=finance)
        second = bill_until(TODAY, actor=finance)
        undo_billing(first.run, actor=finance)
        assert lines(*second.run.invoices.all()) == [(D(2026, 11, 1), D(2026, 11, 30), 1000)]
        assert lines(*bill_until(TODAY, actor=finance).invoices) == [(D(2026, 10, 1), D(2026, 10, 31), 1000)]


class TestByNight:
    def night(self, day: datetime.date = TODAY):
        return bill_contracts(*ALL_ACCOUNTS, day)

    def test_off_nothing_is_billed(self, account):
        agree(account, starts_on=D(2026, 11, 1))
        PrepaidSetup.objects.update(automatic_billing="off")
        assert self.night().counts == {"contract invoices": 0}
        assert not BillingRun.objects.exists()

    def test_made_and_not_posted(self, account):
        agree(account, starts_on=D(2026, 11, 1))
        PrepaidSetup.objects.update(automatic_billing="make")
        assert self.night().counts == {"contract invoices": 1}
        invoice = SalesDocument.objects.get()
        assert (invoice.state, invoice.created_by, invoice.billing_run.by_night) == ("open", None, True)
        assert self.night().counts == {"contract invoices": 0}

    def test_made_and_posted(self, account):
        agree(account, starts_on=D(2026, 11, 1))
        PrepaidSetup.objects.update(automatic_billing="post")
        assert self.night().counts == {"contract invoices": 1}
        assert trial_balance()["2420"]["USD"] == -1000
        assert (self.night().counts, self.night().errors) == ({"contract invoices": 0}, [])

    def test_one_that_cannot_be_posted_stops_nobody_and_comes_back(self, account):
        make_rate("EUR", "1.1", starting_on=D(2026, 11, 25))
        bad = agree(account, starts_on=D(2026, 11, 1), currency="EUR")
        good = agree(make_account("Another"), starts_on=D(2026, 11, 1))
        PrepaidSetup.objects.update(automatic_billing="post")
        outcome = self.night()
        assert outcome.counts == {"contract invoices": 1}
        (error,) = outcome.errors
        assert error.startswith(f"{bad}: ") and "EUR" in error
        assert not bad.billed_periods.exists() and good.billed_periods.count() == 1
        with at(D(2026, 11, 25)):
            assert self.night(D(2026, 11, 25)).counts == {"contract invoices": 1}
        assert bad.billed_periods.get().line.document.is_posted

    def test_an_empty_cell_of_the_posting_setup_is_named(self, account):
        agree(account, starts_on=D(2026, 11, 1))
        PostingSetup.objects.filter(product_group="CONTRACTS").update(deferral=None)
        PrepaidSetup.objects.update(automatic_billing="post")
        (error,) = self.night().errors
        assert "deferral" in error and "CONTRACTS" in error
        assert not BillingRun.objects.exists() and not SalesDocument.objects.exists()

    def test_a_quarter_past_midnight_in_auckland_is_the_company_s_day(self, company):
        """00:15 on 1 December there is 11:15 on 30 November in Greenwich. The period of December is billed, on its first
        day."""
        LedgerSetup.objects.update(time_zone="Pacific/Auckland")
        PrepaidSetup.objects.update(automatic_billing="post")
        hours = None
        with time_machine.travel("2026-11-30T10:00:00Z", tick=False):
            account = make_account()
            hours = make_hours(account)
            agree(account, starts_on=D(2026, 12, 1), service=hours)
            list(run_nights(D(2026, 11, 30)))
            assert not hours.entries.exists()
        with time_machine.travel("2026-11-30T11:14:00Z", tick=False):
            assert not is_due(timezone.now())
        with time_machine.travel("2026-11-30T11:15:00Z", tick=False):
            assert business_date() == D(2026, 12, 1) and is_due(timezone.now())
            (night,) = run_nights()
            assert (night.business_date, night.state) == (D(2026, 12, 1), "done")
            assert not is_due(timezone.now())
        invoice = SalesDocument.objects.get()
        assert (invoice.posted_on, hours.entries.get().posted_on) == (D(2026, 12, 1), D(2026, 12, 1))

    def test_missed_nights_bill_each_on_its_day(self, account):
        """Two months in one run of the night after a standstill: as if each had run."""
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 10, 1), service=hours)
        PrepaidSetup.objects.update(automatic_billing="post")
        with at(D(2026, 9, 30)):
            list(run_nights(D(2026, 9, 30)))
        with at(D(2026, 11, 2)):
            assert {night.state for night in run_nights()} == {"done"}
        posted = SalesDocument.objects.order_by("posted_on").values_list("posted_on", flat=True)
        assert list(posted) == [D(2026, 10, 1), D(2026, 11, 1)]
        assert hours.entries.filter(entry_type=PrepaidEntry.Type.POSITIVE).count() == 2
