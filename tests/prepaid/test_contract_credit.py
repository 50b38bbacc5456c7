"""Crediting contract invoices (rules 33 and 33b): what is not released or everything, before, during and after the release;
what of the top-up comes back, and which days can be billed again.

Row 17. Origin: erpnext#40463, a credit note hit income and not the deferral."""

from decimal import Decimal

import pytest

from ledger.models import VatPostingSetup, VatProductGroup
from ledger.models.vat import VatBusinessGroup
from ledger.tie_outs import check_books
from prepaid.exceptions import BadDocument, MoreThanLeftToCredit
from prepaid.models import ContractDeferral, CreditScope, PrepaidEntry, PrepaidService, PrepaidSetup, SalesDocument
from prepaid.services.contracts.release import release_deferrals
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.night import expire_residuals
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_rate, trial_balance
from tests.prepaid.contracting import (
    ALL_ACCOUNTS,
    D,
    agree,
    at,
    bill_until,
    billed,
    make_budget,
    make_hours,
    make_item,
    waiting,
)
from tests.prepaid.selling import make_document, make_product, use

pytestmark = pytest.mark.django_db
TODAY = D(2026, 11, 24)
FUTURE, EVERYTHING = CreditScope.FUTURE, CreditScope.EVERYTHING


def balance() -> dict[str, Decimal]:
    """In the customer's currency, which is LCY here."""
    return {code: by["LCY"] for code, by in trial_balance().items()}


def books_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def left(service: PrepaidService) -> Decimal:
    found = PrepaidService.objects.with_balances().get(pk=service.pk)
    return found.outstanding if service.is_amount else found.outstanding_quantity


def half_year(account, service=None, *, actor, price="600", **changes) -> SalesDocument:
    """For July to December, billed and posted on 1 July."""
    commitment = agree(
        account, starts_on=D(2026, 7, 1), price=price, quantity="1", base_period="6M", rhythm="6M", service=service,
        **changes,
    )  # fmt: skip
    (invoice,) = billed(D(2026, 7, 1), commitment, posted_on=D(2026, 7, 1), actor=actor)
    return invoice


def credit(invoice: SalesDocument, scope: str, *, actor) -> SalesDocument:
    memo = create_credit_memo(invoice, scope=scope, reason="Cancelled", actor=actor)
    return post_document(memo, actor=actor)


def commitment_of(invoice: SalesDocument):
    found = invoice.lines.get(role="contract").billed_period.commitment
    found.refresh_from_db()
    return found


class TestBefore:
    """Nothing is released yet: both scopes are the same."""

    @pytest.mark.parametrize("scope", [FUTURE, EVERYTHING])
    def test_everything_leaves_the_deferral_and_the_top_up(self, account, finance, scope):
        budget = make_budget(account)
        invoice = half_year(account, budget, actor=finance)
        credit(invoice, scope, actor=finance)
        assert (trial_balance(), left(budget)) == ({}, 0)
        assert waiting(ContractDeferral.objects.get()) == 0
        assert commitment_of(invoice).next_billing_on == D(2026, 7, 1)
        books_agree()

    def test_the_days_are_billed_again_at_the_price_of_then(self, account, finance):
        invoice = half_year(account, actor=finance)
        credit(invoice, FUTURE, actor=finance)
        (again,) = bill_until(TODAY, actor=finance).invoices
        period = again.lines.get().billed_period
        assert (period.starts_on, period.ends_on, again.lines.get().net) == (D(2026, 7, 1), D(2026, 12, 31), 600)


class TestDuring:
    """Released up to October: 400.00 of 600.00."""

    @pytest.fixture
    def budget(self, account):
        return make_budget(account)

    @pytest.fixture
    def invoice(self, account, budget, finance):
        invoice = half_year(account, budget, actor=finance)
        release_deferrals(until=D(2026, 10, 31), actor=finance)
        return invoice

    def test_what_is_not_released_leaves_the_deferral_alone(self, invoice, budget, finance):
        memo = credit(invoice, FUTURE, actor=finance)
        assert balance() == {"1100": 400, "4020": -400}
        assert (memo.lines.get().net, left(budget)) == (200, 400)
        assert commitment_of(invoice).next_billing_on == D(2026, 11, 1)
        (again,) = bill_until(TODAY, actor=finance).invoices
        period = again.lines.get().billed_period
        assert (period.starts_on, period.ends_on) == (D(2026, 11, 1), D(2026, 12, 31))
        books_agree()

    def test_everything_leaves_revenue_as_well(self, invoice, budget, finance):
        memo = credit(invoice, EVERYTHING, actor=finance)
        assert (trial_balance(), memo.lines.get().net, left(budget)) == ({}, 600, 0)
        assert waiting(ContractDeferral.objects.get()) == 0
        assert commitment_of(invoice).next_billing_on == D(2026, 7, 1)
        books_agree()

    def test_what_was_closed_is_never_released(self, invoice, finance):
        credit(invoice, FUTURE, actor=finance)
        with at(D(2027, 1, 31)), pytest.raises(Exception, match="Nothing is due"):
            release_deferrals(actor=finance)
        assert balance()["4020"] == -400

    def test_a_memo_is_posted_as_things_stand_then(self, invoice, finance):
        """Made before November is released, posted after it."""
        memo = create_credit_memo(invoice, scope=FUTURE, reason="Cancelled", actor=finance)
        assert memo.lines.get().net == 200
        with at(D(2026, 11, 30)):
            release_deferrals(actor=finance)
            posted = post_document(memo, actor=finance)
        assert posted.lines.get().net == 100
        assert balance() == {"1100": 500, "4020": -500}
        books_agree()

    def test_of_a_memo_for_everything_it_stays_everything(self, invoice, finance):
        memo = create_credit_memo(invoice, scope=EVERYTHING, reason="Wrong", actor=finance)
        with at(D(2026, 11, 30)):
            release_deferrals(actor=finance)
            post_document(memo, actor=finance)
        assert trial_balance() == {}
        books_agree()

    def test_a_second_memo_finds_nothing_not_released(self, invoice, finance):
        second = create_credit_memo(invoice, scope=FUTURE, reason="Twice", actor=finance)
        credit(invoice, FUTURE, actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match=r"USD\s0\.00 is left"):
            post_document(second, actor=finance)
        with pytest.raises(BadDocument, match="is left to be credited"):
            create_credit_memo(invoice, scope=FUTURE, reason="Twice", actor=finance)
        assert balance() == {"1100": 400, "4020": -400}

    def test_after_what_is_not_released_everything_takes_back_the_rest(self, invoice, budget, finance):
        credit(invoice, FUTURE, actor=finance)
        second = credit(invoice, EVERYTHING, actor=finance)
        assert (second.lines.get().net, trial_balance(), left(budget)) == (400, {}, 0)
        assert commitment_of(invoice).next_billing_on == D(2026, 7, 1)
        books_agree()

    def test_a_part_of_a_contract_line_cannot_be_credited(self, invoice, finance):
        line = invoice.lines.get()
        with pytest.raises(MoreThanLeftToCredit):
            create_credit_memo(invoice, credit={line.pk: Decimal(50)}, scope=FUTURE, reason="Half", actor=finance)


class TestAfter:
    """All of October's period is released."""

    @pytest.fixture
    def invoice(self, account, finance):
        commitment = agree(account, starts_on=D(2026, 10, 1))
        (invoice,) = billed(D(2026, 10, 1), commitment, posted_on=D(2026, 10, 1), actor=finance)
        release_deferrals(until=D(2026, 10, 31), actor=finance)
        return invoice

    def test_nothing_is_left_of_what_is_not_released(self, invoice, finance):
        with pytest.raises(BadDocument, match="is left to be credited"):
            create_credit_memo(invoice, scope=FUTURE, reason="Late", actor=finance)

    def test_everything_comes_out_of_revenue(self, invoice, finance):
        credit(invoice, EVERYTHING, actor=finance)
        assert trial_balance() == {}
        books_agree()


class TestTopUp:
    def test_while_some_of_it_is_used_everything_is_refused(self, account, finance):
        budget = make_budget(account)
        invoice = half_year(account, budget, actor=finance)
        use(budget, "150.00", actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match=r"150\.00 of what it topped up is used\. Credit the invoices"):
            create_credit_memo(invoice, scope=EVERYTHING, reason="Wrong", actor=finance)

    def test_what_was_used_since_the_memo_was_made_refuses_its_posting(self, account, finance):
        budget = make_budget(account)
        invoice = half_year(account, budget, actor=finance)
        memo = create_credit_memo(invoice, scope=EVERYTHING, reason="Wrong", actor=finance)
        use(budget, "150.00", actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match="is used"):
            post_document(memo, actor=finance)

    def test_after_the_usage_is_credited_everything_can_be(self, account, finance):
        budget = make_budget(account)
        invoice = half_year(account, budget, actor=finance)
        used = use(budget, "150.00", actor=finance)
        post_document(create_credit_memo(used, reason="Not done", actor=finance), actor=finance)
        credit(invoice, EVERYTHING, actor=finance)
        assert (trial_balance(), left(budget)) == ({}, 0)
        books_agree()

    def test_what_is_not_released_takes_back_what_is_left_and_no_more(self, account, finance):
        """500.00 of 600.00 are used, 400.00 are not released: the 100.00 that are left come back."""
        budget = make_budget(account)
        invoice = half_year(account, budget, actor=finance)
        release_deferrals(until=D(2026, 8, 31), actor=finance)
        use(budget, "500.00", actor=finance)
        credit(invoice, FUTURE, actor=finance)
        taken = budget.entries.get(entry_type=PrepaidEntry.Type.NEGATIVE)
        assert (taken.amount, left(budget)) == (-100, 0)
        assert balance()["1100"] == 200
        books_agree()

    def test_of_hours_the_credited_share_comes_back(self, account, finance):
        """12 hours for 600.00; a third is not released: 4 hours."""
        hours = make_hours(account)
        invoice = half_year(account, hours, per_period="12", actor=finance)
        release_deferrals(until=D(2026, 10, 31), actor=finance)
        credit(invoice, FUTURE, actor=finance)
        assert (hours.entries.get(entry_type=PrepaidEntry.Type.NEGATIVE).quantity, left(hours)) == (-4, 8)
        books_agree()

    def test_what_has_lapsed_of_it_is_gone_and_the_money_is_credited(self, account, finance):
        """Valid for three months: all of it lapsed at the end of September, and what is not released is still owed back."""
        hours = make_hours(account, "2M+CM")
        invoice = half_year(account, hours, per_period="12", actor=finance)
        release_deferrals(until=D(2026, 9, 30), actor=finance)
        with at(D(2026, 10, 1)):
            expire_residuals(*ALL_ACCOUNTS, D(2026, 10, 1))
        credit(invoice, FUTURE, actor=finance)
        assert not hours.entries.filter(entry_type=PrepaidEntry.Type.NEGATIVE).exists()
        assert balance() == {"1100": 300, "4020": -300}
        books_agree()

    def test_partly_used_and_the_rest_lapsed_still_refuses_everything(self, account, finance):
        hours = make_hours(account, "2M+CM")
        invoice = half_year(account, hours, per_period="12", actor=finance)
        work = LineTerms(
            product=make_product("WORK"), quantity=Decimal(5), unit_of_measure="HOUR", prepaid_service=hours
        )
        used = make_document(account, work, on=D(2026, 9, 15), actor=finance)
        post_document(used, actor=finance)
        with at(D(2026, 10, 1)):
            expire_residuals(*ALL_ACCOUNTS, D(2026, 10, 1))
        assert left(hours) == 0
        with pytest.raises(MoreThanLeftToCredit, match="5 HOUR of what it topped up is used"):
            create_credit_memo(invoice, scope=EVERYTHING, reason="Wrong", actor=finance)
        used.refresh_from_db()
        post_document(create_credit_memo(used, reason="Not done", actor=finance), actor=finance)
        credit(invoice, EVERYTHING, actor=finance)
        assert trial_balance() == {}

    def test_of_a_period_to_come_it_is_taken_back_on_its_first_day(self, account, finance):
        hours = make_hours(account)
        agree(account, starts_on=D(2026, 12, 1), service=hours)
        (invoice,) = billed(D(2026, 12, 1), actor=finance)
        credit(invoice, FUTURE, actor=finance)
        assert [(each.quantity, each.posted_on) for each in hours.entries.order_by("pk")] == [
            (8, D(2026, 12, 1)),
            (-8, D(2026, 12, 1)),
        ]
        assert trial_balance() == {}
        books_agree()


class TestAbroad:
    @pytest.mark.parametrize("scope", [FUTURE, EVERYTHING])
    @pytest.mark.parametrize("until", [D(2026, 6, 30), D(2026, 7, 31), D(2026, 10, 31), D(2026, 11, 24)])
    def test_in_pounds_both_currencies_end_at_exactly_nothing(self, company, finance, scope, until):
        """Row 16. Origin: erpnext#55600, a residue in the base currency."""
        make_rate("GBP", "1.23457")
        account = make_account(currency="GBP")
        budget = make_budget(account)
        invoice = half_year(account, budget, price="100", actor=finance)
        make_rate("GBP", "1.3", starting_on=D(2026, 8, 1))
        if until >= D(2026, 7, 31):
            release_deferrals(until=until, actor=finance)
        released = trial_balance().get("4020", {}).get("LCY", Decimal(0))
        credit(invoice, scope, actor=finance)
        stands = trial_balance()
        if scope == EVERYTHING:
            assert stands == {}
        else:
            assert "2420" not in stands
            assert stands.get("4020", {}).get("LCY", Decimal(0)) == released
            assert stands.get("1100", {}).get("LCY", Decimal(0)) == -released
        books_agree()

    def test_two_memos_one_after_the_other_leave_nothing(self, company, finance):
        make_rate("GBP", "1.23457")
        invoice = half_year(make_account(currency="GBP"), price="100", actor=finance)
        release_deferrals(until=D(2026, 8, 31), actor=finance)
        credit(invoice, FUTURE, actor=finance)
        credit(invoice, EVERYTHING, actor=finance)
        assert trial_balance() == {}
        books_agree()


class TestBusinessCentral:
    def test_where_the_last_part_is_below_zero_both_scopes_end_at_nothing(self, account, finance):
        """0.02 over four months: 0.01 0.01 0.01 -0.01. After three releases 0.03 is revenue, and -0.01 waits."""
        PrepaidSetup.objects.update(by_equal_months=True)
        commitment = agree(
            account, starts_on=D(2026, 8, 1), ends_on=D(2026, 11, 30), price="0.02", quantity="1",
            base_period="122D", rhythm="122D",
        )  # fmt: skip
        (invoice,) = billed(D(2026, 8, 1), commitment, posted_on=D(2026, 8, 1), actor=finance)
        release_deferrals(until=D(2026, 10, 31), actor=finance)
        assert balance() == {"1100": Decimal("0.02"), "2420": Decimal("0.01"), "4020": Decimal("-0.03")}
        with pytest.raises(BadDocument):
            create_credit_memo(invoice, scope=FUTURE, reason="Cancelled", actor=finance)
        credit(invoice, EVERYTHING, actor=finance)
        assert trial_balance() == {}
        books_agree()


def taxed(account) -> None:
    """20 % of recurring services, for this customer."""
    full = VatProductGroup.objects.create(code="FULL", name="Full rate")
    account.vat_business_group = VatBusinessGroup.objects.create(code="HOME", name="At home")
    account.save(update_fields=["vat_business_group"])
    VatPostingSetup.objects.create(
        business_group=account.vat_business_group, product_group=full, percent=Decimal(20), account_id="2700"
    )
    make_item(vat_product_group=full)


class TestWithOthers:
    def test_vat_is_credited_with_its_share(self, company, finance):
        """20 % on 600.00; of the 200.00 that are not released 40.00."""
        account = make_account()
        taxed(account)
        invoice = half_year(account, actor=finance)
        assert invoice.lines.get().vat == 120
        release_deferrals(until=D(2026, 10, 31), actor=finance)
        memo = credit(invoice, FUTURE, actor=finance)
        assert memo.lines.get().vat == 40
        assert balance() == {"1100": 480, "2700": -80, "4020": -400}
        credit(invoice, EVERYTHING, actor=finance)
        assert trial_balance() == {}
        books_agree()

    def test_a_mixed_invoice_is_credited_line_by_line(self, account, finance):
        commitment = agree(account, starts_on=D(2026, 11, 1))
        (invoice,) = bill_until(TODAY, commitment, actor=finance).invoices
        add_line(invoice, LineTerms(product=make_product("SETUP"), quantity=Decimal(3)), actor=finance)
        invoice = post_document(invoice, actor=finance)
        ordinary = invoice.lines.get(role="sale")
        memo = create_credit_memo(invoice, credit={ordinary.pk: Decimal(1)}, reason="One too many", actor=finance)
        post_document(memo, actor=finance)
        assert memo.credit_scope == "" and balance() == {"1100": 1200, "2420": -1000, "4000": -200}
        rest = create_credit_memo(invoice, scope=EVERYTHING, reason="Wrong", actor=finance)
        post_document(rest, actor=finance)
        assert trial_balance() == {}
        books_agree()
