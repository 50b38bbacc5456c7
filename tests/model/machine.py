"""The product on real PostgreSQL and the plain model side by side: each command is given to both, and after every step both
say the same and `check_books` is silent; at the end the replay makes the same books of the events."""

import bisect
import datetime
from decimal import Decimal
from fractions import Fraction

import time_machine
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from config.night import run_nights
from config.replay.compare import Replayed, replay
from credits.models import Completion, CreditsSetup, Purchase
from credits.reports.checks import CHECKS as CREDITS_CHECKS
from credits.reports.proposal import propose
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.milestones import complete, reopen
from credits.services.purchases import (
    confirm_purchase,
    create_purchase,
    delete_draft,
    edit_draft,
    return_to_draft,
)
from ledger.models import JournalLine
from ledger.reports.checks import CHECKS as LEDGER_CHECKS
from ledger.reports.seals import count_unsealed
from ledger.services import manual
from ledger.services.periods import close_period, create_months, open_period, soft_close_period
from ledger.services.reversal import reverse_manual
from pages.refusals import Refused
from tests import builders
from tests.model.credits import ByHand, Company, Lot, Milestone, Period, parts_of

START = datetime.date(2026, 1, 29)
DAY = datetime.timedelta(days=1)
DECIMALS = {"USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
RATES = {"USD": "1", "GBP": "1.2711", "JPY": "0.006611", "KWD": "3.2501"}
LOT = {
    "number": st.integers(3, 12),
    "paid": st.integers(0, 9999),
    "start": st.sampled_from([-10, -3, 0, 3]),
    "life": st.integers(4, 30),
}
BOUGHT = st.fixed_dictionaries({**LOT, "draft": st.sampled_from([False, False, False, True])})
DRAFTED = st.fixed_dictionaries({**LOT, "bought": st.sampled_from([-3, 0, 0, 2])})
SOLD = st.fixed_dictionaries({"total": st.integers(0, 99_999), "credits": st.integers(1, 9), "draft": st.booleans()})
PICK = st.integers(0, 11)
NEEDS = st.lists(st.integers(1, 9), min_size=1, max_size=3)
DAYS = st.integers(0, 40).map(lambda days: datetime.timedelta(days=days))
GRACE = st.sampled_from([0, 0, 2, 9])


def choose(pairs, pick, likely=lambda twin: True):
    """One of the pairs of product row and model twin; mostly one of the likely ones, so that commands go through."""
    preferred = [pair for pair in pairs if likely(pair[1])] if pick % 4 else []
    among = preferred or pairs
    return among[pick % len(among)]


class Machine(RuleBasedStateMachine):
    """One customer whose credits are bought and used, in one currency, drawn anew for each company; beside it a lot in
    another currency and a second customer, which must stay out of everything."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.model = Company(today=START)
        self.clock = None
        self.lots, self.milestones, self.lines, self.by_hand = [], [], [], []
        self.days = []
        self.set_clock()
        builders.make_company(lcy="USD")
        for currency in ("GBP", "JPY", "KWD"):
            builders.make_rate(currency, RATES[currency])
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
    )
    def open_for_business(self, currency, grace, lots, needs):
        """Begins with lots to choose between, and milestones that hold some of them."""
        self.currency = currency
        CreditsSetup.objects.update(grace_period_days=grace)
        self.model.grace = datetime.timedelta(days=grace)
        self.project = builders.make_project(self.account, currency=currency)
        self.the_second_customer_buys()
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

    def day_of(self, moment):
        """The database goes by its own clock; which day it was here is noted whenever one begins."""
        return self.days[bisect.bisect_right(self.days, moment, key=lambda noted: noted[0]) - 1][1]

    def set_clock(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            self.days.append((cursor.fetchone()[0], self.model.today))
        if self.clock:
            self.clock.stop()
        noon = datetime.datetime.combine(self.model.today, datetime.time(12), datetime.UTC)
        self.clock = time_machine.travel(noon, tick=False)
        self.clock.start()

    def accepted(self, service, *args, actor=None, **kwargs):
        """Whether the product accepts; what it refuses leaves nothing behind."""
        try:
            with transaction.atomic():
                service(*args, actor=actor or self.sam, **kwargs)
                connection.check_constraints()
        except Refused:
            return False
        return True

    def both(self, expected, service, *args, **kwargs):
        assert self.accepted(service, *args, **kwargs) == expected, (service.__name__, args, kwargs)

    # Purchases

    @rule(terms=BOUGHT)
    def buy(self, terms):
        self.buy_one(**terms)

    def buy_one(self, number, paid, start, life, draft):
        terms = self.terms(number, paid, start, life)
        self.add(create_purchase(terms, actor=self.sam, draft=draft), paid)

    def terms(self, number, paid, start, life, bought=0):
        starts = self.model.today + datetime.timedelta(days=start)
        return builders.make_terms(
            self.account,
            currency=self.currency,
            purchased_on=self.model.today + datetime.timedelta(days=bought),
            starts_on=starts,
            expires_on=starts + datetime.timedelta(days=life),
            number_of_credits=number,
            value_per_credit=Decimal(100),
            amount_paid_per_credit=self.money(paid),
        )

    @property
    def rate(self):
        """The model counts minor units, LCY cents included."""
        return Fraction(RATES[self.currency]) * 100 / 10 ** DECIMALS[self.currency]

    def money(self, units):
        return Decimal(units).scaleb(-DECIMALS[self.currency])

    def add(self, purchase, paid, line=""):
        lot = Lot(
            purchase.number, self.currency, purchase.number_of_credits, paid, self.rate, purchase.purchased_on,
            purchase.starts_on, purchase.expires_on, line,
        )  # fmt: skip
        self.model.lots[lot.name] = lot
        if not purchase.draft:
            assert self.model.confirm(lot)
        self.lots.append((purchase, lot))

    @rule(terms=SOLD, pick=PICK)
    def sell_a_line(self, terms, pick):
        """A new one; or one that was bought already, which can be bought again only once its lots are deleted."""
        if pick % 4 or not self.lines:
            self.lines.append(self.opportunity(**terms))
            self.press(*self.lines[-1])
        else:
            self.press(*self.lines[pick % len(self.lines)])

    def opportunity(self, total, credits, draft):
        total_paid = str(self.money(total))
        made = builders.make_opportunity(self.account, total=total_paid, credits=credits, currency=self.currency)
        return made, made.lines.get(), total, credits, draft

    def press(self, opportunity, line, total, credits, draft):
        today, name = self.model.today, str(line.pk)
        can_be_bought = self.model.sell(name)
        price = propose(opportunity, on=today).lines[0].price if can_be_bought else Decimal(1)
        row = Row(
            line=line, credits=credits, value_per_credit=price, amount_paid_per_credit=price, starts_on=today,
            expires_on=today + datetime.timedelta(days=20), description="", exact=True,
        )  # fmt: skip
        self.both(can_be_bought, create_from_opportunity, opportunity, [row], draft=draft)
        if can_be_bought:
            bought = Purchase.objects.filter(opportunity_line=line).order_by("line_part")
            for purchase, (number, paid) in zip(bought, parts_of(total, credits), strict=True):
                assert (purchase.number_of_credits, purchase.amount_paid_per_credit) == (number, self.money(paid))
                self.add(purchase, paid, name)

    @rule(pick=PICK, draft=st.booleans(), boss=st.booleans())
    def confirm_or_return_to_draft(self, pick, draft, boss):
        """The boss may post in soft-closed periods."""
        pair = choose(self.lots, pick, lambda lot: lot.draft != draft and not lot.used)
        if draft:
            self.both(self.model.to_draft(pair[1]), return_to_draft, pair[0])
        else:
            actor = self.boss if boss else self.sam
            self.both(self.model.confirm(pair[1], soft=boss), confirm_purchase, pair[0], actor=actor)

    @rule(pick=PICK, terms=DRAFTED, delete=st.booleans())
    def edit_or_delete(self, pick, terms, delete):
        pair = choose(self.lots, pick, lambda lot: lot.draft and not (delete and lot.confirmed))
        if not delete:
            self.edit(*pair, terms)
        elif len(self.lots) > 1:
            expected = self.model.delete(pair[1])
            self.both(expected, delete_draft, pair[0])
            self.lots = [other for other in self.lots if not expected or other is not pair]

    def edit(self, purchase, lot, terms):
        new = self.terms(**terms)
        expected = self.model.edit(lot, terms["number"], terms["paid"], new.purchased_on, new.starts_on, new.expires_on)
        self.both(expected, edit_draft, purchase, new)

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

    # Milestones

    @rule(needed=st.integers(1, 9), done=st.booleans())
    def plan_and_allocate(self, needed, done):
        self.plan(needed)
        if done:
            self.finish(*self.milestones[-1], self.model.today)

    def plan(self, needed):
        milestone = builders.make_milestone(self.project, needed)
        twin = Milestone(milestone.number, self.currency, needed)
        self.model.milestones[twin.name] = twin
        self.both(self.model.allocate(twin, needed), allocate, milestone)
        self.milestones.append((milestone, twin))

    @rule(pick=PICK, done=st.booleans())
    def allocate_in_full(self, pick, done):
        pair = choose(self.milestones, pick, lambda twin: not twin.done_on and not self.is_ready(twin))
        self.both(self.model.allocate(pair[1], pair[1].needed), allocate, pair[0])
        if done:
            self.finish(*pair, self.model.today)

    @rule(pick=PICK, total=st.integers(0, 12))
    def adjust(self, pick, total):
        pair = choose(self.milestones, pick, lambda twin: not twin.done_on)
        self.both(self.model.allocate(pair[1], total), adjust, pair[0], total=total)

    @rule(pick=PICK, days=st.sampled_from([-1, 0, 0, 0, 1, 9]), night=st.booleans())
    def complete(self, pick, days, night):
        pair = choose(self.milestones, pick, self.is_ready)
        self.finish(*pair, self.model.today - datetime.timedelta(days=days))
        if night:
            self.night()

    def finish(self, milestone, twin, on):
        self.both(self.model.complete(twin, on), complete, milestone, actual_on=on)

    def is_ready(self, twin):
        return not twin.done_on and sum(self.model.held(twin).values()) == twin.needed

    @rule(pick=PICK, night=st.booleans())
    def reopen(self, pick, night):
        """Mostly what a night has earned."""
        if night:
            self.night()
        pair = choose(self.milestones, pick, lambda twin: twin.done_on)
        self.both(self.model.reopen(pair[1]), reopen, pair[0], reason="Scope changed")

    # The books and the calendar

    @rule(pick=PICK, again=st.booleans(), softly=st.booleans())
    def close_or_open_a_period(self, pick, again, softly):
        """The current one or an earlier one; mostly the next in order."""
        begun = [pair for pair in self.periods if pair[1].starts <= self.model.today]
        shut = [twin for _, twin in begun if (twin.soft and not twin.closed if softly else twin.closed)]
        open_ones = [twin for _, twin in begun if not twin.closed and not (softly and twin.soft)]
        next_one = (shut[-1:] if again else open_ones[:1]) or [None]
        pair = choose(begun, pick, lambda twin: twin is next_one[0])
        expected, service = {
            (False, False): (self.model.close, close_period),
            (False, True): (self.model.open_again, builders.reopen),
            (True, False): (self.model.close_softly, soft_close_period),
            (True, True): (self.model.open_softly, open_period),
        }[softly, again]
        self.both(expected(pair[1]), service, pair[0])

    @rule(
        pick=PICK,
        step=st.sampled_from(["draft", "on", "on", "on", "submit", "approve", "send back", "post", "reverse"]),
        amount=st.integers(1, 99_999),
        days=st.sampled_from([-40, -3, 0, 0, 2]),
    )
    def write_by_hand(self, pick, step, amount, days):
        """A new entry, or the next step of one on its way to the books, or any step of it."""
        if step == "draft" or not self.by_hand:
            self.draft_by_hand(amount, days)
            return
        entry, twin = choose(self.by_hand, pick, lambda twin: twin.state != "reversed")
        if step == "on":
            step = {"draft": "submit", "submitted": "approve", "approved": "post"}.get(twin.state, "reverse")
        who = self.sam if step != "approve" or pick % 5 == 0 else self.ann
        if twin.state in ("posted", "reversed") or step != "reverse":  # before that there is no entry to reverse
            service = getattr(self, step.replace(" ", "_"))
            self.both(self.model.hand_over(twin, step, who.username), service, entry, actor=who)

    def draft_by_hand(self, amount, days):
        on, money = self.model.today + datetime.timedelta(days=days), str(self.money(amount))
        lines = (("6100", money, "0"), ("1000", "0", money))
        made = builders.make_manual_entry(self.sam, *lines, on=on, currency=self.currency)
        self.by_hand.append((made, ByHand(self.currency, amount, self.rate, on, "sam")))

    def submit(self, entry, *, actor):
        manual.submit(entry, actor=actor, reason="Bank charges")

    def approve(self, entry, *, actor):
        manual.approve(entry, actor=actor)

    def send_back(self, entry, *, actor):
        manual.send_back(entry, actor=actor, reason="Another amount")

    def post(self, entry, *, actor):
        manual.post(entry, actor=actor)

    def reverse(self, entry, *, actor):
        entry.refresh_from_db()
        reverse_manual(entry.entry, actor=actor, reason="Twice")

    @rule(days=st.integers(1, 9))
    def days_pass(self, days):
        """Without a night: what is past expiry stays as it is."""
        self.model.today += datetime.timedelta(days=days)
        self.set_clock()

    @rule(days=st.integers(1, 20))
    def days_pass_and_the_night_runs(self, days):
        self.days_pass(days)
        self.night()

    @rule()
    def night(self):
        self.model.night()
        assert all(run.state == "done" for run in run_nights())
        assert count_unsealed() == 0

    # What holds after every step

    @invariant()
    def the_lots_agree(self):
        stored = {lot.number: lot for lot in Purchase.objects.filter(account=self.account).exclude(currency="EUR")}
        assert stored.keys() == self.model.lots.keys()
        for name, lot in self.model.lots.items():
            row, unit = stored[name], Decimal(10) ** DECIMALS[lot.currency]
            assert (row.draft, row.credits_available, row.credits_expired) == (lot.draft, lot.free, lot.lapsed)
            assert (row.credits_released, row.released * unit, row.released_lcy * 100) == (
                lot.released,
                lot.out,
                lot.out_lcy,
            )

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
    def the_books_agree(self):
        """What was posted on each day, by account and currency."""
        moved = JournalLine.objects.order_by().values_list("entry__posting_date", "account", "currency")
        books = {}
        for *key, debit, credit, debit_lcy, credit_lcy in moved.annotate(
            Sum("debit"), Sum("credit"), Sum("debit_lcy"), Sum("credit_lcy")
        ):
            amounts = [(debit - credit) * 10 ** DECIMALS[key[-1]], (debit_lcy - credit_lcy) * 100]
            if any(amounts):
                books[tuple(key)] = amounts
        assert books == {key: row for key, row in self.model.books.items() if any(row)}

    @invariant()
    def check_books_is_silent(self):
        for name, check in {**LEDGER_CHECKS, **CREDITS_CHECKS}.items():
            assert check() == [], name
