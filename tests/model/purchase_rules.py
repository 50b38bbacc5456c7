"""Purchases: bought, sold from a line, drafted, confirmed, renegotiated, expired."""

import datetime
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import rule

from credits.models import Purchase
from credits.reports.proposal import propose
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.purchases import confirm_purchase, create_purchase, delete_draft, edit_draft, return_to_draft
from tests import builders
from tests.model.choosing import DAYS, PICK, choose
from tests.model.lots import Lot, parts_of

DECIMALS = {"USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
RATES = {"USD": "1", "GBP": "1.2711", "JPY": "0.006611", "KWD": "3.2501"}
LATER = {"USD": "1", "GBP": "1.3127", "JPY": "0.006402", "KWD": "3.2498"}  # from TURN on
TURN = datetime.date(2026, 2, 20)
LOT = {
    "number": st.integers(3, 12),
    "paid": st.integers(0, 9999),
    "start": st.sampled_from([-10, -3, 0, 3]),
    "life": st.integers(4, 30),
}
BOUGHT = st.fixed_dictionaries({**LOT, "draft": st.sampled_from([False, False, False, True])})
DRAFTED = st.fixed_dictionaries({**LOT, "bought": st.sampled_from([-3, 0, 0, 2])})
SOLD = st.fixed_dictionaries({"total": st.integers(0, 99_999), "credits": st.integers(1, 9), "draft": st.booleans()})


def rate_on(currency: str, day: datetime.date) -> Fraction:
    """LCY cents per minor unit."""
    rate = (LATER if day >= TURN else RATES)[currency]
    return Fraction(rate) * 100 / 10 ** DECIMALS[currency]


class PurchaseRules:
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

    def money(self, units):
        return Decimal(units).scaleb(-DECIMALS[self.currency])

    def add(self, purchase, paid, line=""):
        lot = Lot(
            purchase.number, self.currency, purchase.number_of_credits, paid, rate_on(self.currency, purchase.purchased_on),
            purchase.purchased_on, purchase.starts_on, purchase.expires_on, line,
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
