"""Milestones: allocated, picked by hand, adjusted, completed, reopened; and the settings that decide what that means."""

import datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule

from credits.models import CreditsSetup
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from credits.services.pick import allocate_by_hand
from tests import builders
from tests.model.choosing import PICK, choose
from tests.model.lots import Milestone


class MilestoneRules:
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

    @rule(
        pick=PICK, counts=st.lists(st.integers(0, 9), min_size=1, max_size=4), fits=st.sampled_from([True, True, False])
    )
    def pick_by_hand(self, pick, counts, fits):
        """Mostly counts that come to what the milestone needs."""
        milestone, twin = choose(self.milestones, pick, lambda twin: not twin.done_on)
        lots = [self.lots[(pick + at) % len(self.lots)] for at in range(min(len(counts), len(self.lots)))]
        picks = {purchase.pk: (lot.name, count) for (purchase, lot), count in zip(lots, counts, strict=False)}
        if fits:
            self.make_fit(picks, twin)
        expected = self.model.pick(twin, dict(picks.values()))
        self.both(expected, allocate_by_hand, milestone, {pk: count for pk, (_, count) in picks.items()})

    def make_fit(self, picks, twin):
        """The first lots give what they have, as far as it is needed."""
        missing = twin.needed
        for pk, (name, _) in picks.items():
            lot = self.model.lots[name]
            there = 0 if lot.draft else lot.free + lot.held.get(twin.name, 0)
            picks[pk] = name, min(missing, there)
            missing -= picks[pk][1]

    @rule(
        recognise=st.sampled_from(["night", "completion", "allocation"]),
        past_expiry=st.booleans(),
        manual_allocation=st.sampled_from([True, True, False]),
    )
    def change_the_setup(self, recognise, past_expiry, manual_allocation):
        """Nothing that exists changes by it."""
        CreditsSetup.objects.update(
            recognise_revenue=recognise, allocate_past_expiry=past_expiry, manual_allocation=manual_allocation
        )
        self.model.recognise, self.model.past_expiry, self.model.by_hand = recognise, past_expiry, manual_allocation
