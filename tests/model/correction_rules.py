"""Corrections that another person approves: reinstatement, refund, breakage estimates; and unclaimed property."""

import datetime
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import rule

from credits.models import AccountRules
from credits.services.corrections import approve_correction, decline_correction, request_refund, request_reinstatement
from credits.services.estimates import approve_estimate, propose_estimate
from ledger.models import ProductPostingGroup
from pages.refusals import Refused
from tests.model.choosing import DAYS, PICK, choose

ALONE = st.sampled_from([False, False, False, True])  # whoever asks tries to approve it


class CorrectionRules:
    @rule(pick=PICK, days=DAYS, alone=ALONE)
    def reinstate(self, pick, days, alone):
        purchase, lot = choose(self.lots, pick, lambda lot: lot.lapses)
        expires = self.model.today + days - datetime.timedelta(days=3)
        self.both(self.model.reinstate(lot, expires, alone=alone), self.correct, request_reinstatement, purchase,
                  alone=alone, new_expires_on=expires)  # fmt: skip

    @rule(pick=PICK, credits=st.integers(0, 9), percent=st.sampled_from([0, 0, 10, 33, 100]), alone=ALONE)
    def refund(self, pick, credits, percent, alone):
        purchase, lot = choose(self.lots, pick, lambda lot: not lot.draft and lot.free >= credits > 0)
        self.both(self.model.refund(lot, credits, percent, alone=alone), self.correct, request_refund, purchase,
                  alone=alone, credits=credits, kept_percent=Decimal(percent))  # fmt: skip

    def correct(self, request, purchase, *, alone, actor, **asked):
        """Asks and approves; a refused approval leaves a request that is withdrawn."""
        correction = request(purchase, reason="Agreed", actor=actor, **asked)
        try:
            approve_correction(correction, actor=actor if alone else self.ann)
        except Refused:
            decline_correction(correction, note="", actor=actor)
            raise

    @rule(percent=st.sampled_from([0, 10, 25, 60]), days=st.sampled_from([-5, 0, 0, 3]))
    def estimate(self, percent, days):
        """What share of the credits stays unused, as of some day."""
        group, on = ProductPostingGroup.objects.get(code="CREDITS"), self.model.today + datetime.timedelta(days=days)
        proposed = propose_estimate(
            group, expected_unused=Decimal(percent), effective_on=on, reason="Last year", actor=self.sam
        )
        approve_estimate(proposed, actor=self.ann)
        self.model.estimates.append((on, Fraction(percent, 100)))

    @rule(claims=st.booleans())
    def unclaimed_property(self, claims):
        AccountRules.objects.update_or_create(account=self.account, defaults={"unclaimed_property": claims})
        self.model.claims = claims
