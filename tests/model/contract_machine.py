"""Customer contracts on real PostgreSQL and their plain model side by side, with the use of what they top up: a machine of
its own, so that the many commands of the others do not thin them out."""

import datetime
from decimal import Decimal

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from config.replay.compare import Replayed, replay
from ledger.reports.checks import CHECKS as LEDGER_CHECKS
from ledger.services.periods import create_months
from prepaid.models import ContractDeferral, InflowBalance
from prepaid.reports.checks import CHECKS as PREPAID_CHECKS
from tests import builders
from tests.model import shared
from tests.model.book_rules import BookRules
from tests.model.books import Period
from tests.model.contract_rules import AGREED, ContractRules
from tests.model.contracts import HOUR, Contracts
from tests.model.prepaid import Budget
from tests.model.purchase_rules import DECIMALS, LATER, RATES, TURN, rate_on
from tests.prepaid import contracting, selling
from tests.prepaid.year import with_vat

START = datetime.date(2026, 1, 29)


class ContractMachine(ContractRules, BookRules, shared.BothSides, RuleBasedStateMachine):
    """One customer with two contracts in one currency, a periodic budget and a periodic service of hours."""

    write_by_hand = days_pass_and_the_night_runs = night = None

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.model = Contracts(today=START, rate_on=rate_on, valid=self.valid)
        self.clock, self.days, self.documents, self.commitments = None, [], [], []
        self.set_clock()
        selling.make_company(lcy="USD")
        for currency in ("GBP", "JPY", "KWD"):
            builders.make_rate(currency, RATES[currency])
            builders.make_rate(currency, LATER[currency], starting_on=TURN)
        self.sam, self.boss = builders.make_user("sam"), builders.make_user("boss", is_superuser=True)
        made, _ = create_months(datetime.date(2025, 11, 1), 60, actor=self.boss)
        self.periods = [(period, Period(period.starts_on, period.ends_on)) for period in made]
        self.model.periods = [twin for _, twin in self.periods]

    @initialize(
        currency=st.sampled_from(list(DECIMALS)),
        vat=st.sampled_from([0, 0, 7, 19]),
        formula=st.sampled_from(["", "1M+CM"]),
        agreed=st.lists(AGREED, min_size=2, max_size=3),
    )
    def open_for_business(self, currency, vat, formula, agreed):
        self.currency = self.model.currency = currency
        self.model.vat_percent = vat
        self.account = builders.make_account(currency=currency)
        if vat:
            with_vat(self.account, str(vat))
        groups = {"vat_product_group_id": "FULL"} if vat else {}
        item = {"currency": currency, "price": "1", **groups}
        self.work = selling.make_product("WORK", **item)
        self.object = contracting.make_object(self.account, product=contracting.make_item(**item), actor=self.sam)
        self.contracts = [contracting.make_contract(self.account, actor=self.sam) for _ in range(2)]
        self.services = [
            (contracting.make_budget(self.account, formula, actor=self.sam), Budget("money")),
            (contracting.make_hours(self.account, formula, actor=self.sam), Budget("hours", counted=True)),
        ]
        self.model.budgets = [budget for _, budget in self.services]
        for terms in agreed:
            self.agree_on(**terms)
        self.bill(pick=0, days=0, ahead=0, on=0, post=True)

    def teardown(self):
        try:
            if hasattr(self, "currency"):
                self.replay_agrees()
        finally:
            self.clock.stop()
            transaction.savepoint_rollback(self.savepoint)

    def replay_agrees(self):
        found = [str(difference) for difference in replay(Replayed(), day_of=self.day_of)]
        assert found == [], found

    def money(self, amount):
        return Decimal(amount).scaleb(-DECIMALS[self.currency])

    # What holds after every step

    @invariant()
    def the_balances_agree(self):
        for service, budget in self.services:
            unit = HOUR if budget.counted else 10 ** DECIMALS[self.currency]
            stored = [
                ((row.remaining + row.remaining_quantity) * unit, row.remaining_lcy * 100, row.entry.posted_on,
                 row.entry.valid_until, (row.expired + row.expired_quantity) * unit)
                for row in InflowBalance.objects.filter(service=service).select_related("entry").order_by("entry_id")
            ]  # fmt: skip
            assert stored == [(each.left, each.left_lcy, each.on, each.valid, each.expired) for each in budget.inflows]

    @invariant()
    def the_deferrals_agree(self):
        unit = 10 ** DECIMALS[self.currency]
        stored = [
            [(part.starts_on, part.ends_on, part.amount * unit, part.amount_lcy * 100, part.due_on, part.run_id is not None,
              part.closed_by_id is not None) for part in deferral.lines.all()]
            for deferral in ContractDeferral.objects.prefetch_related("lines").order_by("id")
        ]  # fmt: skip
        assert stored == [
            [(m.first, m.last, m.amount, m.lcy, m.due, m.run is not None, m.closed) for m in line.months]
            for line in self.model.waiting
        ]

    @invariant()
    def what_is_billed_next_agrees(self):
        for commitment, twin in self.commitments:
            commitment.refresh_from_db(fields=["next_billing_on"])
            assert commitment.next_billing_on == twin.next

    @invariant()
    def check_books_is_silent(self):
        for name, check in {**LEDGER_CHECKS, **PREPAID_CHECKS}.items():
            assert check() == [], name
