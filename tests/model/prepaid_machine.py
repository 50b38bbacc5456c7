"""Prepaid services on real PostgreSQL and their plain model side by side: each command is given to both, and after every step
both say the same and `check_books` is silent. A machine of its own beside that of services credits, so that the commands of
the one do not thin out those of the other; the books, periods and nights are the same."""

import datetime
from decimal import Decimal

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from ledger.models import VatPostingSetup, VatProductGroup
from ledger.models.vat import VatBusinessGroup
from ledger.reports.checks import CHECKS as LEDGER_CHECKS
from ledger.services.periods import create_months
from prepaid.models import InflowBalance
from prepaid.reports.checks import CHECKS as PREPAID_CHECKS
from tests import builders
from tests.model import shared
from tests.model.book_rules import BookRules
from tests.model.books import Period
from tests.model.prepaid import Budget, Prepaid
from tests.model.prepaid_rules import PrepaidRules
from tests.model.purchase_rules import DECIMALS, LATER, RATES, TURN, rate_on
from tests.prepaid import selling

START = datetime.date(2026, 1, 29)


class PrepaidMachine(PrepaidRules, BookRules, shared.BothSides, RuleBasedStateMachine):
    """One customer with prepaid services in one currency, drawn anew for each company; beside it a second customer, who must
    stay out of everything."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.model = Prepaid(today=START, rate_on=rate_on)
        self.clock, self.days, self.by_hand, self.documents = None, [], [], []
        self.set_clock()
        selling.make_company(lcy="USD", approve_amounts_above=10**9)
        for currency in ("GBP", "JPY", "KWD"):
            builders.make_rate(currency, RATES[currency])
            builders.make_rate(currency, LATER[currency], starting_on=TURN)
        self.sam, self.ann = builders.make_user("sam"), builders.make_user("ann")
        self.boss = builders.make_user("boss", is_superuser=True)
        self.account, self.other = builders.make_account(), builders.make_account("Another")
        made, _ = create_months(datetime.date(2025, 12, 1), 24, actor=self.boss)
        self.periods = [(period, Period(period.starts_on, period.ends_on)) for period in made]
        self.model.periods = [twin for _, twin in self.periods]

    @initialize(
        currency=st.sampled_from(list(DECIMALS)),
        vat=st.sampled_from([0, 0, 7, 19]),
        formulas=st.lists(st.sampled_from(["", "5D", "10D", "1M"]), min_size=2, max_size=2),
        amounts=st.lists(st.integers(1, 99_999), min_size=2, max_size=4),
    )
    def open_for_business(self, currency, vat, formulas, amounts):
        """Begins with services that have something on them."""
        self.currency = self.model.currency = currency
        self.model.vat_percent = vat
        groups = self.owe_vat(vat) if vat else {}
        item = {"currency": currency, "price": "1", **groups}
        self.credit_item, self.work = (
            selling.make_product("TOP-UP", prepaid=True, **item),
            selling.make_product("WORK", **item),
        )
        self.services = [
            (selling.make_service(self.account, actor=self.sam, valid_until_formula=formula), Budget(f"{place}"))
            for place, formula in enumerate(formulas)
        ]
        self.model.budgets = [budget for _, budget in self.services]
        self.untouched = selling.make_service(self.other, actor=self.sam)
        for place, amount in enumerate(amounts):
            self.top_up(place, amount, 0)

    def owe_vat(self, percent):
        business = VatBusinessGroup.objects.create(code="HOME", name="At home")
        product = VatProductGroup.objects.create(code="FULL", name="Full rate")
        VatPostingSetup.objects.create(
            business_group=business, product_group=product, percent=Decimal(percent), account_id="2700"
        )
        self.account.vat_business_group = business
        self.account.save(update_fields=["vat_business_group"])
        return {"vat_product_group": product}

    def teardown(self):
        self.clock.stop()
        transaction.savepoint_rollback(self.savepoint)

    def money(self, amount):
        return Decimal(amount).scaleb(-DECIMALS[self.currency])

    # What holds after every step

    @invariant()
    def the_balances_agree(self):
        unit = 10 ** DECIMALS[self.currency]
        for service, budget in self.services:
            rows = InflowBalance.objects.filter(service=service).order_by("entry_id")
            stored = [(row.remaining * unit, row.remaining_lcy * 100, row.expired * unit) for row in rows]
            assert stored == [(each.left, each.left_lcy, each.expired) for each in budget.inflows]

    @invariant()
    def the_second_customer_is_untouched(self):
        assert not self.untouched.entries.exists()

    @invariant()
    def check_books_is_silent(self):
        for name, check in {**LEDGER_CHECKS, **PREPAID_CHECKS}.items():
            assert check() == [], name
