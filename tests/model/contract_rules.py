"""Customer contracts: agreed, repriced, cancelled, billed, posted, released, credited; and the use of what they top up."""

import datetime
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from prepaid.dateformula import end_of_validity
from prepaid.models import CreditScope, PrepaidSetup, ReleaseRun, SalesDocument, ServiceCommitment
from prepaid.services.contracts.billing import bill, undo_billing
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.contracts.prices import Price, set_price
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.documents import delete_document
from prepaid.services.expire import expire_residuals
from prepaid.services.post_document import post_document
from tests.model.choosing import DAY, PICK, choose
from tests.model.contracts import HOUR, Commitment, HoursLine
from tests.model.prepaid import NEVER
from tests.prepaid import contracting, selling

TERMS = [("1M", "1M"), ("1M", "1Q"), ("1M", "1Y"), ("1Q", "1M"), ("1Y", "1M"), ("1Y", "1Y"), ("1W", "2W"), ("2W", "1W")]
AGREED = st.fixed_dictionaries(
    {
        "pick": st.integers(0, 2),
        "contract": st.integers(0, 1),
        "terms": st.sampled_from(TERMS),
        "starts": st.sampled_from([-60, -31, -3, 0, 1, 2, 12]),
        "anchor": st.sampled_from([0, 0, 0, -1, -20]),
        "days": st.sampled_from([None, None, 10, 45, 400]),
        "price": st.integers(0, 99_999) | st.integers(1, 20),
        "quantity": st.integers(1, 30_000),
    }
)


class ContractRules:
    @rule(terms=AGREED)
    def agree(self, terms):
        """At most six: every one of them is billed again and again."""
        if len(self.model.commitments) < 6:
            self.agree_on(**terms)

    def agree_on(self, pick, contract, terms, starts, anchor, days, price, quantity):
        service, budget = [*self.services, (None, None)][pick % 3]
        first = self.model.today + starts * DAY
        last = None if days is None else first + days * DAY
        made = contracting.agree(
            self.account,
            starts_on=first, anchor_on=first + anchor * DAY, ends_on=last, price=str(self.money(price)), quantity="1",
            per_period=str(Decimal(quantity) / HOUR), contract=self.contracts[contract], service=service,
            service_object=self.object, base_period=terms[0], rhythm=terms[1], actor=self.sam,
        )  # fmt: skip
        twin = Commitment(
            first + anchor * DAY, first, last or NEVER, *terms, {first: (price, quantity)}, contract, budget,
            counted=budget is not None and budget.counted,
        )  # fmt: skip
        self.model.commitments.append(twin)
        self.commitments.append((made, twin))

    @rule(pick=PICK, days=st.integers(-20, 60), price=st.integers(0, 99_999), quantity=st.integers(1, 30_000))
    def change_the_price(self, pick, days, price, quantity):
        commitment, twin = choose(self.commitments, pick)
        after = twin.last_billed
        day = (after or self.model.today) + days * DAY
        terms = Price(price=self.money(price), quantity_per_period=Decimal(quantity) / HOUR)
        self.both(self.model.set_price(twin, day, price, quantity), set_price, commitment, terms, from_on=day)

    @rule(pick=PICK, days=st.sampled_from([-40, -5, 0, 10, 40]))
    def cancel(self, pick, days):
        commitment, twin = choose(self.commitments, pick)
        day = self.model.today + days * DAY
        self.both(self.model.cancel(twin, day), cancel, commitment, ends_on=day, reason="Agreed")

    @rule(
        pick=PICK,
        days=st.sampled_from([0, 0, 20, 40]),
        ahead=st.sampled_from([0, 0, 0, -40, -10, 5, 31]),
        on=st.sampled_from([0, 0, 0, -3, 4]),
        post=st.booleans(),
    )
    def bill(self, pick, days, ahead, on, post):
        """One contract or all, mostly once days have passed; what is made is posted at once, or stays a draft."""
        self.days_pass(days)
        chosen = [pair for pair in self.commitments if not pick % 3 or pair[1].contract == pick % 2]
        rows = ServiceCommitment.objects.filter(pk__in=[row.pk for row, _ in chosen])
        until, day = self.model.today + ahead * DAY, self.model.today + on * DAY
        before = len(self.model.contract_invoices)
        self.both(self.model.bill([twin for _, twin in chosen], until, day), bill, rows, until=until, posted_on=day)
        for invoice in self.model.contract_invoices[before:] if post else ():
            self.post_one(invoice)

    @property
    def made_by_billing(self):
        """The contract invoices of both sides, in the order in which they were made."""
        rows = list(SalesDocument.objects.filter(billing_run__isnull=False).order_by("id"))
        return list(zip(rows, self.model.contract_invoices, strict=True))

    def post_one(self, twin):
        row = next(row for row, each in self.made_by_billing if each is twin)
        self.both(self.model.post_invoice(twin), post_document, row)

    @rule(pick=PICK, step=st.sampled_from(["post", "delete", "undo the billing"]))
    def go_on_with_a_draft(self, pick, step):
        """Mostly with one; where there is none, with what is posted."""
        if not self.model.contract_invoices or not (pick % 4 == 0 or self.drafts):
            return
        row, twin = choose(self.made_by_billing, pick, lambda twin: not twin.posted)
        if step == "post":
            self.post_one(twin)
        elif step == "delete":
            self.both(self.model.delete(twin), delete_document, row)
        else:
            self.both(self.model.undo_billing(twin.run), undo_billing, row.billing_run)

    @property
    def drafts(self):
        return [twin for twin in self.model.contract_invoices if not twin.posted]

    @rule(pick=PICK, days=st.sampled_from([0, 0, 15, 40]), back=st.sampled_from([0, 0, 0, 0, 5, -1]))
    def release(self, pick, days, back):
        """Of one contract or of all, mostly once days have passed."""
        self.days_pass(days)
        contract = pick % 2 if pick % 3 else None
        until = self.model.today - back * DAY
        rows = None if contract is None else [self.contracts[contract].pk]
        self.both(self.model.release(until, contract), release_deferrals, until=until, contracts=rows)

    @rule(pick=PICK)
    def undo_a_release(self, pick):
        runs = list(zip(ReleaseRun.objects.order_by("id"), self.model.runs, strict=True))
        if runs:
            run, twin = choose(runs[-3:], pick, lambda twin: not twin.undone)
            self.both(self.model.undo_release(twin), undo_release, run, reason="Too early")

    @rule(pick=PICK, everything=st.booleans())
    def credit_a_contract_invoice(self, pick, everything):
        if self.model.contract_invoices:
            row, twin = choose(self.made_by_billing, pick, self.can_be_credited)
            scope = CreditScope.EVERYTHING if everything else CreditScope.FUTURE
            self.both(self.model.credit_invoice(twin, everything=everything), self.credit_wholly, row, scope)

    def can_be_credited(self, twin):
        return twin.posted and any(
            self.model.closing(line, True) or (not line.net and line.kept >= line.first) for line in twin.lines
        )

    def credit_wholly(self, document, scope, *, actor):
        post_document(create_credit_memo(document, scope=scope, reason="Cancelled", actor=actor), actor=actor)

    @rule(pick=PICK, used=st.lists(st.tuples(st.integers(1, 20_000), st.integers(1, 2)), min_size=1, max_size=2))
    def use(self, pick, used):
        service, budget = choose(self.services, pick, lambda budget: budget.usable(self.model.today))
        terms = [
            LineTerms(
                product=self.work, unit_price=self.money(price), quantity=Decimal(pieces), unit_of_measure="HOUR",
                prepaid_service=service,
            )
            for price, pieces in used
        ]  # fmt: skip
        expected = self.model.use(budget, used, self.model.today)
        document = selling.make_document(
            self.account, *terms, on=self.model.today, actor=self.sam, currency=self.currency
        )
        self.both(expected, post_document, document)
        self.documents.append((document, self.model.invoices[-1], service))

    @rule(pick=PICK, whole=st.booleans())
    def credit_what_was_used(self, pick, whole):
        """Hours as a whole; of an amount a piece, or what is left."""
        if not self.documents:
            return
        document, invoice, service = self.documents[pick % len(self.documents)]
        budget = next(budget for known, budget in self.services if known == service)
        left = [self.model.creditable(line) for line in invoice.lines]
        asked = [
            units if whole or isinstance(line, HoursLine) else min(1, units)
            for line, units in zip(invoice.lines, left, strict=True)
        ]
        expected = self.model.credit(budget, invoice, asked)
        lines = document.lines.filter(kind="item").order_by("line_no")
        units = {line.pk: Decimal(count) for line, count in zip(lines, asked, strict=True)}
        self.both(expected, self.credit_units, document, units)

    def credit_units(self, document, units, *, actor):
        post_document(create_credit_memo(document, credit=units, reason="Not as agreed", actor=actor), actor=actor)

    @rule(pick=PICK)
    def expire(self, pick):
        on = self.model.today - DAY
        service, budget = choose(self.services, pick, lambda budget: self.model.lapsed([budget], on))
        if pick % 4 and not self.model.lapsed([budget], on):
            return
        self.both(self.model.expire([budget], on), expire_residuals, [service], on=on)

    @rule(
        automatic=st.sampled_from(["off", "draft", "post", "post"]),
        on_first=st.sampled_from([False, False, True]),
        equal_months=st.sampled_from([False, False, True]),
    )
    def change_the_setup(self, automatic, on_first, equal_months):
        """For what is billed and posted from now on."""
        model = self.model
        model.automatic, model.on_first, model.equal_months = automatic, on_first, equal_months
        PrepaidSetup.objects.update(
            automatic_billing=automatic, release_day="first" if on_first else "last", by_equal_months=equal_months
        )

    @rule(pick=PICK, formula=st.sampled_from(["", "10D", "1M+CM", "3M"]))
    def another_validity(self, pick, formula):
        """For what comes in from now on."""
        service, _ = choose(self.services, pick)
        service.valid_until_formula = formula
        service.save(update_fields=["valid_until_formula"])

    def valid(self, budget, on):
        service = next(service for service, known in self.services if known is budget)
        return end_of_validity(service.valid_until_formula, on) or NEVER

    # Days

    @rule(days=st.integers(1, 40))
    def days_pass(self, days):
        self.model.today += datetime.timedelta(days=days)
        self.set_clock()

    @rule(days=st.sampled_from([0, 1, 1, 5, 20, 31]))
    def the_night_runs(self, days):
        """After days without one: of its own date alone."""
        self.days_pass(days)
        self.model.night()
        contracting.nights(self.model.today, self.model.today)
