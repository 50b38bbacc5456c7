"""Any sequence of commands, on real PostgreSQL, against the plain model: the same refusals, balances and books after every
step, and `check_books` silent."""

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from config.night import run_nights
from credits.models import Purchase
from credits.reports.checks import CHECKS as CREDITS_CHECKS
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.milestones import complete, reopen
from credits.services.purchases import confirm_purchase, create_purchase, return_to_draft
from ledger.models import JournalLine
from ledger.reports.checks import CHECKS as LEDGER_CHECKS
from pages.refusals import Refused
from tests import builders
from tests.model.credits import Company, Lot, Milestone

START = datetime.date(2026, 1, 29)
DECIMALS = {"USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
RATES = {"USD": "1", "GBP": "1.2711", "JPY": "0.006611", "KWD": "3.2501"}
LOT = st.fixed_dictionaries(
    {
        "number": st.integers(3, 12),
        "paid": st.integers(0, 9999),
        "start": st.sampled_from([-10, -3, 0, 3]),
        "life": st.integers(10, 40),
        "draft": st.sampled_from([False, False, False, True]),
    }
)
PICK = st.integers(0, 11)
NEEDS = st.lists(st.integers(1, 9), min_size=1, max_size=3)
DAYS = st.integers(0, 40).map(lambda days: datetime.timedelta(days=days))


def choose(pairs, pick, likely=lambda twin: True):
    """One of the pairs of product row and model twin; mostly one of the likely ones, so that commands go through."""
    preferred = [pair for pair in pairs if likely(pair[1])] if pick % 4 else []
    among = preferred or pairs
    return among[pick % len(among)]


class Machine(RuleBasedStateMachine):
    """The product and the model side by side. One customer: another would share nothing with it but the tables; and one
    currency, drawn anew for each company, beside a lot in another one that must stay out of everything."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.model = Company(today=START)
        self.clock = None
        self.lots, self.milestones = [], []
        self.set_clock()
        builders.make_company(lcy="USD")
        for currency in ("GBP", "JPY", "KWD"):
            builders.make_rate(currency, RATES[currency])
        self.sam = builders.make_user("sam")
        self.account = builders.make_account()
        builders.make_purchase(
            self.account, currency="EUR", amount_paid_per_credit="0", purchased_on=START, starts_on=START
        )

    @initialize(currency=st.sampled_from(list(DECIMALS)), lots=st.lists(LOT, min_size=3, max_size=4), needs=NEEDS)
    def open_for_business(self, currency, lots, needs):
        """Begins with lots to choose between, and milestones that hold some of them."""
        self.currency = currency
        self.project = builders.make_project(self.account, currency=currency)
        for terms in lots:
            self.buy_one(**terms)
        for needed in needs:
            self.plan(needed)

    def teardown(self):
        self.clock.stop()
        transaction.savepoint_rollback(self.savepoint)

    def set_clock(self):
        if self.clock:
            self.clock.stop()
        noon = datetime.datetime.combine(self.model.today, datetime.time(12), datetime.UTC)
        self.clock = time_machine.travel(noon, tick=False)
        self.clock.start()

    def accepted(self, service, *args, **kwargs):
        """Whether the product accepts; what it refuses leaves nothing behind."""
        try:
            with transaction.atomic():
                service(*args, actor=self.sam, **kwargs)
                connection.check_constraints()
        except Refused:
            return False
        return True

    def both(self, expected, service, *args, **kwargs):
        assert self.accepted(service, *args, **kwargs) == expected, (service.__name__, args, kwargs)

    @rule(terms=LOT)
    def buy(self, terms):
        self.buy_one(**terms)

    def buy_one(self, number, paid, start, life, draft):
        currency = self.currency
        starts = self.model.today + datetime.timedelta(days=start)
        expires = starts + datetime.timedelta(days=life)
        terms = builders.make_terms(
            self.account,
            currency=currency,
            purchased_on=self.model.today,
            starts_on=starts,
            expires_on=expires,
            number_of_credits=number,
            value_per_credit=Decimal(100),
            amount_paid_per_credit=Decimal(paid).scaleb(-DECIMALS[currency]),
        )
        purchase = create_purchase(terms, actor=self.sam, draft=draft)
        # The model counts minor units, LCY cents included.
        rate = Fraction(RATES[currency]) * 100 / 10 ** DECIMALS[currency]
        lot = Lot(purchase.number, currency, number, paid, rate, self.model.today, starts, expires)
        self.model.lots[lot.name] = lot
        if not draft:
            assert self.model.confirm(lot)
        self.lots.append((purchase, lot))

    @rule(pick=PICK)
    def confirm(self, pick):
        pair = choose(self.lots, pick, lambda lot: lot.draft)
        self.both(self.model.confirm(pair[1]), confirm_purchase, pair[0])

    @rule(pick=PICK)
    def back_to_draft(self, pick):
        pair = choose(self.lots, pick)
        self.both(self.model.to_draft(pair[1]), return_to_draft, pair[0])

    @rule(pick=PICK, days=DAYS)
    def extend(self, pick, days):
        pair = choose(self.lots, pick)
        expires = self.model.today + days - datetime.timedelta(days=5)
        self.both(
            self.model.extend(pair[1], expires),
            change_dates, pair[0], starts_on=pair[1].starts, expires_on=expires, reason="Agreed",
        )  # fmt: skip

    @rule(pick=PICK)
    def expire_by_hand(self, pick):
        pair = choose(self.lots, pick, lambda lot: lot.free and lot.expires <= self.model.today)
        self.both(self.model.expire(pair[1]), expire_purchase, pair[0])

    @rule(needed=st.integers(1, 9))
    def plan_and_allocate(self, needed):
        self.plan(needed)

    def plan(self, needed):
        milestone = builders.make_milestone(self.project, needed)
        twin = Milestone(milestone.number, self.currency, needed)
        self.model.milestones[twin.name] = twin
        self.both(self.model.allocate(twin, needed), allocate, milestone)
        self.milestones.append((milestone, twin))

    @rule(pick=PICK)
    def allocate_in_full(self, pick):
        pair = choose(self.milestones, pick)
        self.both(self.model.allocate(pair[1], pair[1].needed), allocate, pair[0])

    @rule(pick=PICK, total=st.integers(0, 12))
    def adjust(self, pick, total):
        pair = choose(self.milestones, pick)
        self.both(self.model.allocate(pair[1], total), adjust, pair[0], total=total)

    @rule(pick=PICK, days=st.sampled_from([-1, 0, 0, 0, 1, 9]))
    def complete(self, pick, days):
        pair = choose(self.milestones, pick, self.is_ready)
        on = self.model.today - datetime.timedelta(days=days)
        self.both(self.model.complete(pair[1], on), complete, pair[0], actual_on=on)

    def is_ready(self, twin):
        return not twin.done_on and sum(self.model.held(twin).values()) == twin.needed

    @rule(pick=PICK)
    def reopen(self, pick):
        pair = choose(self.milestones, pick, lambda twin: twin.done_on)
        self.both(self.model.reopen(pair[1]), reopen, pair[0], reason="Scope changed")

    @rule(days=st.integers(1, 12), night=st.booleans())
    def days_pass(self, days, night):
        self.model.today += datetime.timedelta(days=days)
        self.set_clock()
        if night:
            self.night()

    @rule()
    def night(self):
        self.model.night()
        assert all(run.state == "done" for run in run_nights())

    @invariant()
    def the_lots_agree(self):
        stored = {lot.number: lot for lot in Purchase.objects.all()}
        for name, lot in self.model.lots.items():
            row, unit = stored[name], Decimal(10) ** DECIMALS[lot.currency]
            assert (row.draft, row.credits_available, row.credits_expired) == (lot.draft, lot.free, lot.lapsed)
            assert (row.credits_released, row.released * unit, row.released_lcy * 100) == (
                lot.released,
                lot.out,
                lot.out_lcy,
            )

    @invariant()
    def the_books_agree(self):
        books = {}
        for line in JournalLine.objects.all():
            row = books.setdefault((line.account_id, line.currency_id), [0, 0])
            row[0] += (line.debit - line.credit) * 10 ** DECIMALS[line.currency_id]
            row[1] += (line.debit_lcy - line.credit_lcy) * 100
        assert {key: row for key, row in books.items() if any(row)} == {
            key: row for key, row in self.model.books.items() if any(row)
        }

    @invariant()
    def check_books_is_silent(self):
        for name, check in {**LEDGER_CHECKS, **CREDITS_CHECKS}.items():
            assert check() == [], name


@pytest.mark.django_db
def test_any_sequence_of_commands_keeps_balances_and_books():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=30, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
