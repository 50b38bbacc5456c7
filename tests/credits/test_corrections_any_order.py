"""Whatever is done to a lot in whatever order: what is deferred never falls below zero, and ends at exactly zero in both
currencies with the last credit (posting-rules.md, "Cutting"; quality.md, "the rules")."""

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits.models import Milestone, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.earn import earn_completed
from credits.services.expire import expire_due
from credits.services.milestones import complete, reopen
from pages.preview import rehearse
from tests.builders import (
    make_account,
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.correcting import agree, caught_up, estimated, refunded, reinstated

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY, LATER = datetime.date(2026, 11, 24), datetime.date(2026, 11, 30)
PRICES = {"JPY": "1", "USD": "0.01", "GBP": "33.33", "KWD": "0.007", "EUR": "50.00"}
RATES = {"JPY": "0.0067", "GBP": "1.2711", "KWD": "3.2567", "EUR": "0.333333333333"}

ways = st.sampled_from(["complete", "reopen", "expire", "reinstate", "refund", "estimate"])
steps = st.lists(
    st.tuples(ways, st.integers(0, 2), st.sampled_from(["0", "4", "33.33", "90"])), min_size=4, max_size=12
)
lots = st.tuples(
    st.sampled_from(sorted(PRICES)), st.lists(st.integers(1, 4), min_size=3, max_size=3), st.integers(1, 5)
)


class Played:
    """A lot whose milestones hold so many credits each, with a rest that is free."""

    def __init__(self, currency: str, parts: list[int], rest: int) -> None:
        self.account, self.actor = make_account(currency=currency), make_user()
        price, credits = PRICES[currency], sum(parts) + rest
        self.lot = make_purchase(
            self.account, number_of_credits=credits, amount_paid_per_credit=price, expires_on=TODAY
        )
        project = make_project(self.account)
        self.milestones = [make_milestone(project, part) for part in parts]
        for milestone in self.milestones:
            allocate(milestone, actor=self.actor)

    def step(self, way: str, which: int, percent: str) -> None:
        milestone = Milestone.objects.get(pk=self.milestones[which].pk)
        self.lot.refresh_from_db()
        getattr(self, way)(milestone, percent)
        self.lot.refresh_from_db()

    def complete(self, milestone: Milestone, percent: str) -> None:
        if not milestone.is_completed and milestone.credits_allocated == milestone.credits_needed:
            complete(milestone, actor=self.actor)
            earn_completed(self.account.pk, self.account.pk, on=TODAY)

    def reopen(self, milestone: Milestone, percent: str) -> None:
        """And, as a give-back would, leaves the credits to lapse or to be refunded."""
        if milestone.is_completed:
            reopen(milestone, actor=self.actor, reason="Not accepted")
            if percent == "90":
                adjust(milestone, total=0, actor=self.actor)

    def expire(self, milestone: Milestone, percent: str) -> None:
        expire_due("p.id = %(lot)s", {"lot": self.lot.pk}, on=LATER)

    def reinstate(self, milestone: Milestone, percent: str) -> None:
        if self.lot.credits_expired:
            reinstated(self.lot, TODAY)

    def refund(self, milestone: Milestone, percent: str) -> None:
        if self.lot.credits_available:
            refunded(self.lot, max(1, self.lot.credits_available // 2), kept=percent)

    def estimate(self, milestone: Milestone, percent: str) -> None:
        estimated(percent)
        caught_up(self.lot)

    def finish(self) -> None:
        """Every credit goes: what is allocated is earned, what is left lapses."""
        for milestone in Milestone.objects.filter(project__account=self.account):
            self.complete(milestone, "0")
        self.expire(milestone, "0")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lots, steps)
def test_any_order_ends_at_exactly_zero_and_never_below(company, lot, steps):
    """Origin: erpnext#55600, an item settled in parts left a residue in the base currency (bug 16)."""
    rehearse(lambda: play(lot, steps))  # taken back, so that no example stands on another


def play(lot: tuple, steps: list[tuple]) -> None:
    played = Played(*lot)
    for step in steps:
        played.step(*step)
        assert played.lot.deferred >= 0 and played.lot.deferred_lcy >= 0
        assert played.lot.estimated >= 0 and played.lot.estimated_lcy >= 0
    agree(LATER)
    played.finish()
    spent = Purchase.objects.get(pk=played.lot.pk)
    assert spent.credits_released == spent.number_of_credits
    assert (spent.deferred, spent.deferred_lcy, spent.estimated, spent.estimated_lcy) == (0, 0, 0, 0)
    assert "2400" not in trial_balance()
    agree(LATER)


@pytest.fixture
def company(company):
    for currency, rate in RATES.items():
        make_rate(currency, rate)
