"""The product on real PostgreSQL and the plain model side by side: each command is given to both, and after every step both
say the same and `check_books` is silent; at the end the replay makes the same books of the events."""

import datetime
from decimal import Decimal

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from config.replay.compare import Replayed, replay
from credits.models import Completion, CreditsSetup, Purchase
from credits.reports.checks import CHECKS as CREDITS_CHECKS
from credits.services.allocate import allocate
from ledger.reports.checks import CHECKS as LEDGER_CHECKS
from ledger.services.periods import create_months
from tests import builders
from tests.model.book_rules import BookRules
from tests.model.books import Period
from tests.model.correction_rules import CorrectionRules
from tests.model.credits import Company
from tests.model.milestone_rules import MilestoneRules
from tests.model.purchase_rules import BOUGHT, DECIMALS, LATER, RATES, TURN, PurchaseRules, rate_on
from tests.model.shared import BothSides

START = datetime.date(2026, 1, 29)
NEEDS = st.lists(st.integers(1, 9), min_size=1, max_size=3)
GRACE = st.sampled_from([0, 0, 2, 9])


class Machine(PurchaseRules, MilestoneRules, CorrectionRules, BookRules, BothSides, RuleBasedStateMachine):
    """One customer whose credits are bought and used, in one currency, drawn anew for each company; beside it a lot in
    another currency and a second customer, which must stay out of everything."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.model = Company(today=START, rate_on=rate_on)
        self.clock = None
        self.lots, self.milestones, self.lines, self.by_hand = [], [], [], []
        self.days = []
        self.set_clock()
        builders.make_company(lcy="USD")
        for currency in ("GBP", "JPY", "KWD"):
            builders.make_rate(currency, RATES[currency])
            builders.make_rate(currency, LATER[currency], starting_on=TURN)
        self.sam, self.ann = builders.make_user("sam"), builders.make_user("ann")
        self.boss = builders.make_user("boss", is_superuser=True)
        self.account, self.other = builders.make_account(), builders.make_account("Another")
        made, _ = create_months(datetime.date(2025, 12, 1), 24, actor=self.boss)
        self.periods = [(period, Period(period.starts_on, period.ends_on)) for period in made]
        self.model.periods = [twin for _, twin in self.periods]
        builders.make_purchase(
            self.account, currency="EUR", amount_paid_per_credit="0", purchased_on=START, starts_on=START
        )

    @initialize(
        currency=st.sampled_from(list(DECIMALS)),
        grace=GRACE,
        lots=st.lists(BOUGHT, min_size=3, max_size=4),
        needs=NEEDS,
        recognise=st.sampled_from(["night", "night", "completion", "allocation"]),
        unused=st.sampled_from([0, 0, 10, 25]),
    )
    def open_for_business(self, currency, grace, lots, needs, recognise, unused):
        """Begins with lots to choose between, and milestones that hold some of them."""
        self.currency = currency
        CreditsSetup.objects.update(grace_period_days=grace)
        self.model.grace = datetime.timedelta(days=grace)
        self.project = builders.make_project(self.account, currency=currency)
        self.the_second_customer_buys()
        self.change_the_setup(recognise, past_expiry=False, manual_allocation=False)
        if unused:
            self.estimate(unused, days=0)
        for terms in lots:
            self.buy_one(**terms)
        for needed in needs:
            self.plan(needed)

    def the_second_customer_buys(self):
        """Enough for the shortages of the first, free of charge; some of it is allocated."""
        lot = {"currency": self.currency, "amount_paid_per_credit": "0", "purchased_on": START, "starts_on": START}
        for expires_on in (datetime.date(2036, 1, 1), datetime.date(2036, 2, 1)):
            builders.make_purchase(self.other, number_of_credits=50, expires_on=expires_on, **lot)
        milestone = builders.make_milestone(builders.make_project(self.other, currency=self.currency), 60)
        allocate(milestone, actor=self.sam)

    def teardown(self):
        try:
            self.replay_agrees()
        finally:
            self.clock.stop()
            transaction.savepoint_rollback(self.savepoint)

    def replay_agrees(self):
        assert [str(difference) for difference in replay(Replayed(), day_of=self.day_of)] == []

    # What holds after every step

    @invariant()
    def the_lots_agree(self):
        stored = {lot.number: lot for lot in Purchase.objects.filter(account=self.account).exclude(currency="EUR")}
        assert stored.keys() == self.model.lots.keys()
        for name, lot in self.model.lots.items():
            row, unit = stored[name], Decimal(10) ** DECIMALS[lot.currency]
            assert (row.draft, row.credits_available, row.credits_expired, row.credits_refunded, row.credits_released) == (
                lot.draft, lot.free, lot.lapsed, lot.refunded, lot.gone)  # fmt: skip
            assert (row.released * unit, row.released_lcy * 100, row.estimated * unit, row.estimated_lcy * 100) == (
                lot.out + lot.ahead, lot.out_lcy + lot.ahead_lcy, lot.ahead, lot.ahead_lcy)  # fmt: skip

    @invariant()
    def the_second_customer_is_untouched(self):
        lots = Purchase.objects.filter(account=self.other).order_by("expires_on")
        totals = lots.values_list("credits_available", "credits_allocated", "credits_expired", "credits_released")
        assert list(totals) in ([], [(0, 50, 0, 0), (40, 10, 0, 0)])

    @invariant()
    def the_completions_agree(self):
        standing = Completion.objects.filter(reopened_at=None)
        assert dict(standing.values_list("milestone__number", "earned_on")) == {
            name: twin.earned_on for name, twin in self.model.milestones.items() if twin.done_on
        }

    @invariant()
    def check_books_is_silent(self):
        for name, check in {**LEDGER_CHECKS, **CREDITS_CHECKS}.items():
            assert check() == [], name
