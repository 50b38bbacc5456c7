"""The books and the calendar: periods, entries by hand, days and nights."""

import datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule

from config.night import run_nights
from ledger.reports.seals import count_unsealed
from ledger.services import manual
from ledger.services.periods import close_period, open_period, soft_close_period
from ledger.services.reversal import reverse_manual
from tests import builders
from tests.model.books import ByHand
from tests.model.choosing import PICK, choose
from tests.model.purchase_rules import rate_on


class BookRules:
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
        self.by_hand.append((made, ByHand(self.currency, amount, rate_on(self.currency, on), on, "sam")))

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
