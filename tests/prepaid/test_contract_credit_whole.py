"""A credit memo that gives back all the days of a period: what they brought goes with them, and none of it may be used. So it
is where nothing of a line is released, whatever the memo is of, and where a period comes to nothing."""

from decimal import Decimal

import pytest
from django.urls import reverse

from config.replay.compare import Replayed, replay
from ledger.models import JournalEntry
from ledger.tie_outs import check_books
from prepaid.exceptions import BadDocument, MoreThanLeftToCredit
from prepaid.models import BilledPeriod, CreditScope, SalesDocument
from prepaid.services.contracts.contracts import take_out
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.documents import Header, edit_header
from prepaid.services.post_document import post_document
from tests.builders import trial_balance
from tests.prepaid.contracting import D, agree, at, bill_until, billed, make_contract, make_hours
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_document, make_product

pytestmark = pytest.mark.django_db
TODAY = D(2026, 11, 24)
FUTURE, EVERYTHING = CreditScope.FUTURE, CreditScope.EVERYTHING
SCOPES = pytest.mark.parametrize("scope", [FUTURE, EVERYTHING])


def books_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []
    assert [str(each) for each in replay(Replayed(), day_of=lambda at: TODAY)] == []


def credit(invoice, scope, *, actor):
    return post_document(create_credit_memo(invoice, scope=scope, reason="Wrong", actor=actor), actor=actor)


def worked(hours, quantity, on, *, actor):
    terms = LineTerms(
        product=make_product("WORK"), quantity=Decimal(quantity), unit_of_measure="HOUR", prepaid_service=hours
    )
    return post_document(make_document(hours.account, terms, on=on, actor=actor), actor=actor)


def free(account, hours, *, actor, **terms):
    """8 hours of November for nothing."""
    commitment = agree(account, starts_on=D(2026, 11, 1), discount="100", service=hours, **terms)
    (invoice,) = billed(TODAY, posted_on=D(2026, 11, 1), actor=actor)
    return commitment, invoice


class TestFree:
    @SCOPES
    def test_the_hours_and_the_days_come_back_and_nothing_is_posted(self, account, finance, scope):
        hours = make_hours(account)
        commitment, invoice = free(account, hours, actor=finance)
        memo = credit(invoice, scope, actor=finance)
        assert (memo.is_posted, memo.lines.get().net) == (True, 0)
        assert [entry.quantity for entry in hours.entries.order_by("id")] == [8, -8]
        assert BilledPeriod.objects.get().kept_until == D(2026, 10, 31)
        assert not JournalEntry.objects.exists()
        assert bill_until(TODAY, commitment).invoices
        books_agree()

    def test_beside_a_line_that_is_paid_for_both_come_back(self, account, finance):
        hours, contract = make_hours(account), make_contract(account)
        agree(account, starts_on=D(2026, 11, 1), contract=contract)
        _, invoice = free(account, hours, contract=contract, actor=finance)
        credit(invoice, EVERYTHING, actor=finance)
        assert sum(entry.quantity for entry in hours.entries.all()) == 0
        assert trial_balance() == {}
        books_agree()

    @SCOPES
    def test_while_some_of_it_is_used_it_stays(self, account, finance, scope):
        hours = make_hours(account)
        _, invoice = free(account, hours, actor=finance)
        used = worked(hours, 3, TODAY, actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match=r"3 HOUR of what it topped up is used.*used it first[.]"):
            credit(invoice, scope, actor=finance)
        credit(used, FUTURE, actor=finance)
        credit(invoice, scope, actor=finance)
        assert sum(entry.quantity for entry in hours.entries.all()) == 0
        books_agree()

    def test_it_is_credited_once(self, account, finance):
        _, invoice = free(account, make_hours(account), actor=finance)
        first, second = (create_credit_memo(invoice, reason="Wrong", actor=finance) for _ in range(2))
        post_document(first, actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match="its days are given back already"):
            post_document(second, actor=finance)
        with pytest.raises(BadDocument, match="Nothing of"):
            create_credit_memo(invoice, reason="Wrong", actor=finance)

    def test_the_form_offers_it_and_credits_it(self, company, account, finance):
        hours = make_hours(account)
        _, invoice = free(account, hours, actor=finance)
        client, url = signed_in("finance"), reverse("prepaid:document-credit", args=[invoice.pk])
        name = f"line_{invoice.lines.get().pk}"
        shown = client.get(url)
        assert shown.context["form"][name].initial is True
        assert "takes back 8 HOUR" in shown.content.decode()
        client.post(url, {name: "on", "scope": "future", "reason": "Not wanted"})
        post_document(SalesDocument.objects.get(corrects=invoice), actor=finance)
        assert sum(entry.quantity for entry in hours.entries.all()) == 0


class TestNothingReleased:
    def test_what_is_not_released_is_everything_and_nothing_of_it_may_be_used(self, account, finance):
        """Without it, the customer would have used 8 hours, owe nothing, and be billed for the same days again."""
        hours = make_hours(account)
        commitment = agree(account, starts_on=D(2026, 11, 1), service=hours)
        (invoice,) = billed(TODAY, commitment, posted_on=D(2026, 11, 1), actor=finance)
        worked(hours, 8, TODAY, actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match="or credit what is left once a part of it is released"):
            create_credit_memo(invoice, scope=FUTURE, reason="Wrong", actor=finance)
        with at(D(2026, 11, 30)):
            release_deferrals(actor=finance)
            assert trial_balance()["4020"]["LCY"] == -1000

    def test_as_well_where_all_that_was_is_taken_back(self, account, finance):
        """12 hours from July to December, 3 used in July. What waits of it after July takes back what is left of its ten;
        the three are credited, July is taken back: then all that is left goes with July."""
        hours = make_hours(account)
        agree(
            account, starts_on=D(2026, 7, 1), price="600", quantity="1", per_period="12", base_period="6M", rhythm="6M",
            service=hours,
        )  # fmt: skip
        (invoice,) = billed(D(2026, 7, 1), posted_on=D(2026, 7, 1), actor=finance)
        used = worked(hours, 3, D(2026, 7, 10), actor=finance)
        run = release_deferrals(until=D(2026, 7, 31), actor=finance).run
        assert run
        credit(invoice, FUTURE, actor=finance)
        credit(used, FUTURE, actor=finance)
        undo_release(run, reason="Too early", actor=finance)
        credit(invoice, FUTURE, actor=finance)
        assert [entry.quantity for entry in hours.entries.order_by("id")] == [12, -3, -9, 3, -3]
        assert BilledPeriod.objects.get().kept_until == D(2026, 6, 30)
        assert trial_balance() == {}
        books_agree()


def test_what_came_back_after_its_last_day_has_lapsed_and_stays(account, finance):
    """8 hours of October, 3 of them used and credited in November: a memo dated in October takes the five."""
    hours = make_hours(account)
    agree(account, starts_on=D(2026, 10, 1), service=hours)
    (invoice,) = billed(D(2026, 10, 1), posted_on=D(2026, 10, 1), actor=finance)
    credit(worked(hours, 3, D(2026, 10, 20), actor=finance), FUTURE, actor=finance)
    memo = create_credit_memo(invoice, scope=EVERYTHING, reason="Wrong", actor=finance)
    edit_header(memo, Header(account=account, currency=memo.currency, posted_on=D(2026, 10, 31)), actor=finance)
    post_document(memo, actor=finance)
    assert [entry.quantity for entry in hours.entries.order_by("id")] == [8, -3, 3, -5]
    assert trial_balance() == {}
    books_agree()


def test_what_was_credited_may_move_to_another_contract(account, finance):
    """The deferral stays with the contract that billed it."""
    commitment = agree(account, starts_on=D(2026, 11, 1))
    (invoice,) = billed(TODAY, commitment, actor=finance)
    credit(invoice, EVERYTHING, actor=finance)
    commitment.refresh_from_db()
    take_out(commitment, actor=finance)
    books_agree()


def test_parts_of_nothing_wait_again_without_an_entry(account, finance):
    """0.02 from July to December: July and August are nothing, released, and taken back after the rest was credited."""
    agree(account, starts_on=D(2026, 7, 1), price="0.02", quantity="1", base_period="6M", rhythm="6M")
    (invoice,) = billed(D(2026, 7, 1), posted_on=D(2026, 7, 1), actor=finance)
    run = release_deferrals(until=D(2026, 8, 31), actor=finance).run
    assert run
    credit(invoice, FUTURE, actor=finance)
    undo_release(run, reason="Too early", actor=finance)
    books_agree()
