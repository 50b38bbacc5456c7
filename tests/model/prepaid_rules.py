"""Prepaid services: topped up, used, credited, expired."""

import datetime
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ledger.models import Currency, LedgerAccount, ProductPostingGroup
from prepaid.dateformula import end_of_validity
from prepaid.models import DissolutionProposal, PrepaidService, PrepaidSetup, RevenueFrom
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.expire import expire_residuals
from prepaid.services.manual import EntryTerms, request_entry
from prepaid.services.post_document import post_document
from prepaid.services.review import approve_dissolutions
from tests.model.choosing import DAY, PICK, choose
from tests.model.prepaid import NEVER
from tests.prepaid import selling

AMOUNT = st.integers(1, 99_999)
BACK = st.sampled_from([0, 0, 0, 3, 12])
USED = st.lists(st.tuples(st.integers(1, 40_000), st.integers(1, 3)), min_size=1, max_size=3)


class PrepaidRules:
    @rule(pick=PICK, amount=AMOUNT, back=BACK)
    def top_up(self, pick, amount, back):
        service, budget = choose(self.services, pick)
        on = self.model.today - datetime.timedelta(days=back)
        terms = LineTerms(product=self.credit_item, unit_price=self.money(amount), prepaid_service=service)
        self.sell(self.model.top_up(budget, amount, on, self.valid(service, on)), service, [terms], on)

    @rule(pick=PICK, used=USED, back=BACK)
    def use(self, pick, used, back):
        service, budget = choose(self.services, pick, lambda budget: budget.usable(self.model.today))
        on = self.model.today - datetime.timedelta(days=back)
        terms = [
            LineTerms(
                product=self.work, unit_price=self.money(price), quantity=Decimal(pieces), prepaid_service=service
            )
            for price, pieces in used
        ]
        self.sell(self.model.use(budget, used, on), service, terms, on)

    def sell(self, expected, service, terms, on):
        document = selling.make_document(self.account, *terms, on=on, actor=self.sam, currency=self.currency)
        self.both(expected, post_document, document)
        self.documents.append((document, self.model.invoices[-1], service))

    @rule(pick=PICK, portions=st.lists(st.integers(0, 4), min_size=3, max_size=3))
    def credit(self, pick, portions):
        """Nothing, a part, everything that is left, or more; most of the time something that is left."""
        if not self.documents:
            return
        document, invoice, service = self.documents[pick % len(self.documents)]
        asked = [self.portion(line, part) for line, part in zip(invoice.lines, portions, strict=False)]
        budget = next(budget for known, budget in self.services if known == service)
        expected = self.model.credit(budget, invoice, asked)
        lines = list(document.lines.filter(kind="item").order_by("line_no"))
        units = {
            line.pk: self.money(count) if twin.inflow else Decimal(count)
            for line, twin, count in zip(lines, invoice.lines, asked, strict=True)
        }
        self.both(expected, self.credit_and_post, document, units)

    def portion(self, line, part):
        left = self.model.creditable(line)
        return {0: 0, 1: min(1, left), 2: (left + 1) // 2, 3: left}.get(part, left + 1 if part == 4 else left)

    def credit_and_post(self, document, units, *, actor):
        post_document(create_credit_memo(document, credit=units, reason="Not as agreed", actor=actor), actor=actor)

    @rule(pick=PICK, formula=st.sampled_from(["", "5D", "10D", "CM", "1M"]))
    def another_validity(self, pick, formula):
        """For what comes in from now on."""
        service, _ = choose(self.services, pick)
        service.valid_until_formula = formula
        service.save(update_fields=["valid_until_formula"])

    def valid(self, service, on):
        return end_of_validity(service.valid_until_formula, on) or NEVER

    @rule(pick=PICK, days=st.integers(1, 8))
    def expire_by_hand(self, pick, days):
        service, budget = choose(self.services, pick)
        on = self.model.today - days * DAY
        self.both(self.model.expire([budget], on), expire_residuals, [service], on=on)

    @rule()
    def approve_residuals(self):
        waiting = list(DissolutionProposal.objects.filter(state="requested"))
        self.both(self.model.approve(), approve_dissolutions, waiting, actor=self.ann)

    @rule(
        pick=PICK,
        amount=st.integers(1, 20_000),
        back=BACK,
        kind=st.sampled_from(["goodwill", "goodwill", "without money", "out"]),
    )
    def enter_by_hand(self, pick, amount, back, kind):
        service, budget = choose(self.services, pick)
        on = self.model.today - datetime.timedelta(days=back)
        if kind == "out":
            expected, entry = self.model.take_by_hand(budget, amount, on), {"entry_type": "negative"}
        else:
            valid, backed = self.valid(service, on), kind == "goodwill"
            expected = self.model.by_hand(budget, amount, on, valid, backed=backed)
            entry = {"entry_type": "positive", "quantity_only": not backed}
        self.both(expected, self.request, service, posted_on=on, amount=self.money(amount), **entry)

    def request(self, service, *, actor, quantity_only=False, **terms):
        if not quantity_only:
            terms["balancing_account"] = LedgerAccount.objects.get(pk="4095")
        money = {"product_group": ProductPostingGroup.objects.get(pk="PREPAID"), "reason": "As agreed"}
        service = PrepaidService.objects.get(pk=service.pk)
        currency = Currency.objects.get(pk=self.currency)
        request_entry(
            service, EntryTerms(**terms, **money, currency=currency, quantity_only=quantity_only), actor=actor
        )

    @rule(from_receipt=st.booleans(), review=st.sampled_from([False, False, True]))
    def change_the_setup(self, from_receipt, review):
        self.model.from_receipt, self.model.review = from_receipt, review
        PrepaidSetup.objects.update(
            revenue_from=RevenueFrom.RECEIPT if from_receipt else RevenueFrom.CONSUMED,
            post_automatic_dissolution=not review,
        )
