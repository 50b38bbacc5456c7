"""Cancel and refund, to the cent: posting rules 11 to 11c (Expiry)."""

import datetime
from decimal import Decimal

import pytest

from config.checks import check_books
from credits.exceptions import AlreadyDecided, BadCorrection, OwnCorrection
from credits.models import Cancellation, Correction, Purchase
from credits.services.allocate import allocate
from credits.services.corrections import approve_correction, decline_correction, request_refund
from ledger.exceptions import BlockedAccount, MissingAccount, MissingRate, NoExchangeDifference
from ledger.models import ExchangeRate, JournalEntry, LedgerAccount, LedgerSetup, PostingSetup
from ledger.money import EXACT
from ledger.reports.roll_forward import roll_forward
from tests.builders import (
    make_account,
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.correcting import agree, refunded, used

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


def usd(**accounts: str) -> dict:
    """{"2400": {"USD": …, "LCY": …}} of amounts in the company's own currency."""
    return {code[1:]: {"USD": Decimal(amount), "LCY": Decimal(amount)} for code, amount in accounts.items()}


def totals(lot: Purchase) -> tuple[int, int, int]:
    """Available, allocated, refunded."""
    names = ("credits_available", "credits_allocated", "credits_refunded")
    return Purchase.objects.values_list(*names).get(pk=lot.pk)


def test_rule_11_six_unused_of_a_are_refunded_in_full(lot):
    """Expiry, cancel and refund: raises credits refunded."""
    used(lot, 4)
    agree()
    refunded(lot, 6)
    assert trial_balance() == usd(_1100="800", _4000="-320", _2450="-480")
    assert totals(lot) == (0, 4, 6)
    agree()


def test_rule_11b_a_tenth_is_kept(lot):
    used(lot, 4)
    refunded(lot, 6, kept="10")
    assert trial_balance() == usd(_1100="800", _4000="-320", _2450="-432", _4090="-48")
    canceled = Cancellation.objects.get()
    assert (canceled.credits, canceled.refunded, canceled.kept, canceled.refunded_lcy) == (6, 432, 48, 432)
    agree()


def test_all_of_it_may_be_kept_and_no_rate_is_needed_then(company):
    make_rate("GBP", "1.2711")
    lot = lot_c()
    ExchangeRate.objects.all().delete()
    refunded(lot, 5, kept="100")
    kept = {"GBP": Decimal("-250"), "LCY": Decimal("-317.78")}
    assert trial_balance() == {"1100": {"GBP": 250, "LCY": Decimal("317.78")}, "4090": kept}
    agree()


def lot_c() -> Purchase:
    """5 credits, paid 50.00 GBP, at 1.2711: 317.78 USD."""
    return make_purchase(make_account(currency="GBP"), number_of_credits=5, amount_paid_per_credit="50.00")


@pytest.mark.parametrize(
    ("rate", "spot", "difference"), [("1.30", "195.00", "4.33"), ("1.25", "187.50", "-3.17"), ("1.2711", "190.67", "0")]
)
def test_rule_11c_three_unused_of_c_at_the_rate_of_the_day(company, rate, spot, difference):
    """Posting rules, 11c: the deferral keeps the rate of its day, what is owed has that of today."""
    make_rate("GBP", "1.2711")
    lot = lot_c()
    used(lot, 2)
    ExchangeRate.objects.create(currency_id="GBP", rate=Decimal(rate), starting_on=TODAY)
    before = trial_balance()["2400"]
    assert before == {"GBP": Decimal("-150.00"), "LCY": Decimal("-190.67")}
    refunded(lot, 3)
    lost = {"6100": {"GBP": Decimal(0), "LCY": Decimal(difference)}} if Decimal(difference) else {}
    assert trial_balance() == {
        "1100": {"GBP": Decimal(250), "LCY": Decimal("317.78")},
        "4000": {"GBP": Decimal(-100), "LCY": Decimal("-127.11")},
        "2450": {"GBP": Decimal(-150), "LCY": -Decimal(spot)},
        **lost,
    }
    canceled = Cancellation.objects.get()
    assert (canceled.refunded_lcy, canceled.exchange_rate) == (Decimal(spot), Decimal(rate))
    agree()


def test_the_roll_forward_calls_all_that_leaves_by_a_refund_a_refund(company):
    """posting-rules.md, "Always": opening + additions - recognised - breakage - refunds = closing, in both currencies."""
    make_rate("GBP", "1.2711")
    lot = lot_c()
    used(lot, 2)
    make_rate("GBP", "1.30", starting_on=TODAY)
    refunded(lot, 3)
    (row,) = roll_forward(TODAY, TODAY)
    assert (row.lcy.additions, row.lcy.revenue, row.lcy.refunds) == (
        Decimal("317.78"), Decimal("127.11"), Decimal("190.67"),
    )  # fmt: skip
    assert (row.lcy.changes, row.lcy.closing) == (0, 0)


def test_parts_of_a_lot_leave_nothing_behind(company):
    """Origin: erpnext#55600, an item settled in parts left a residue in the base currency (bug 16)."""
    make_rate("GBP", "1.2711")
    lot = lot_c()
    for credits in (1, 2, 1, 1):
        refunded(lot, credits, kept="33.33")
        agree()
    lot.refresh_from_db()
    assert (lot.deferred, lot.deferred_lcy, lot.credits_refunded) == (0, 0, 5)
    assert sum(Cancellation.objects.values_list("refunded", flat=True)) == Decimal("166.66")


@pytest.mark.parametrize(("currency", "paid", "kept"), [("JPY", "33", "16"), ("KWD", "0.333", "0.167")])
def test_currencies_with_no_and_three_decimals(company, currency, paid, kept):
    make_rate(currency, "0.7")
    lot = make_purchase(make_account(currency=currency), number_of_credits=1, amount_paid_per_credit=paid)
    refunded(lot, 1, kept="50" if currency == "KWD" else "48.5")
    assert Cancellation.objects.get().kept == Decimal(kept)
    agree()


def test_the_largest_lot_is_refunded_to_the_last_cent(account):
    """36 digits, where Decimal's usual context keeps 28."""
    credits, cents = 10**18 - 1, 999_999_999_999_999_999
    lot = make_purchase(account, number_of_credits=credits, amount_paid_per_credit=str(Decimal(cents).scaleb(-2)))
    refunded(lot, credits - 1, kept="0.01")
    assert [check.name for check in check_books() if check.offenders] == []
    canceled, paid = Cancellation.objects.get(), (credits - 1) * cents
    kept = (paid + 5000) // 10000
    assert (int(EXACT.multiply(canceled.kept, 100)), int(EXACT.multiply(canceled.refunded, 100))) == (kept, paid - kept)


def test_free_credits_are_canceled_in_counts_alone(account):
    lot = make_purchase(account, amount_paid_per_credit="0")
    PostingSetup.objects.update(blocked=True)
    refunded(lot, 4)
    assert (totals(lot), trial_balance(), Cancellation.objects.get().refunded) == ((6, 0, 4), {}, 0)
    agree()


class TestRefused:
    @pytest.mark.parametrize(
        ("credits", "percent", "field", "said"),
        [
            (0, "0", "credits", "0 credits cannot be canceled"),
            (-1, "0", "credits", "-1 credits cannot be canceled"),
            (7, "0", "credits", "has 6 available"),
            (6, "-1", "kept_percent", "-1 % is no share to keep"),
            (6, "100.01", "kept_percent", "100.01 % is no share to keep"),
            (6, "33.333", "kept_percent", "at most two decimals"),
        ],
    )
    def test_what_cannot_be_asked_for_says_why(self, lot, sam, credits, percent, field, said):
        allocate(make_milestone(make_project(lot.account), 4), actor=sam)
        with pytest.raises(BadCorrection, match=said) as refused:
            request_refund(lot, credits=credits, kept_percent=Decimal(percent), reason="They leave", actor=sam)
        assert refused.value.field == field and not Correction.objects.exists()

    def test_without_a_reason_or_of_a_draft(self, account, lot, sam):
        with pytest.raises(BadCorrection, match="Say why"):
            request_refund(lot, credits=1, reason="  ", actor=sam)
        with pytest.raises(BadCorrection, match="is a draft"):
            request_refund(make_purchase(account, draft=True), credits=1, reason="They leave", actor=sam)

    def test_a_second_request_before_the_first_is_decided(self, lot, sam):
        request_refund(lot, credits=1, reason="They leave", actor=sam)
        with pytest.raises(BadCorrection, match="waits for approval already"):
            request_refund(lot, credits=1, reason="They leave", actor=sam)

    def test_by_whoever_asked_for_it_and_a_second_time(self, lot, sam):
        asked = request_refund(lot, credits=1, reason="They leave", actor=sam)
        with pytest.raises(OwnCorrection, match="another person approves it"):
            approve_correction(asked, actor=sam)
        approve_correction(asked, actor=make_user("approver"))
        with pytest.raises(AlreadyDecided, match="is approved"):
            approve_correction(asked, actor=make_user("approver"))
        assert totals(lot) == (9, 0, 1)

    def test_when_the_credits_are_gone_by_the_time_of_the_approval(self, lot, sam):
        asked = request_refund(lot, credits=7, reason="They leave", actor=sam)
        allocate(make_milestone(make_project(lot.account), 4), actor=sam)
        with pytest.raises(BadCorrection, match="has 6 available"):
            approve_correction(asked, actor=make_user("approver"))
        assert totals(lot) == (6, 4, 0) and Correction.objects.get().state == "requested"

    def test_what_the_books_cannot_take_leaves_everything_as_it_was(self, company):
        make_rate("GBP", "1.2711")
        lot = lot_c()
        PostingSetup.objects.update(refund=None)
        self.stays(lot, MissingAccount)
        PostingSetup.objects.update(refund="2450")
        LedgerAccount.objects.filter(code="2450").update(blocked=True)
        self.stays(lot, BlockedAccount)
        LedgerAccount.objects.update(blocked=False)
        make_rate("GBP", "1.3", starting_on=TODAY)
        LedgerSetup.objects.update(exchange_difference=None)
        self.stays(lot, NoExchangeDifference)
        ExchangeRate.objects.all().delete()
        self.stays(lot, MissingRate)

    def stays(self, lot, refusal):
        asked = lot.corrections.waiting().first()
        asked = asked or request_refund(lot, credits=2, reason="They leave", actor=make_user("asker"))
        with pytest.raises(refusal):
            approve_correction(asked, actor=make_user("approver"))
        assert (totals(lot), JournalEntry.objects.count()) == ((5, 0, 0), 1)
        agree()


class TestDecision:
    def test_declined_with_a_note_and_nothing_happens(self, lot, sam):
        asked = request_refund(lot, credits=1, reason="They leave", actor=sam)
        with pytest.raises(BadCorrection, match="Say why it is declined"):
            decline_correction(asked, note=" ", actor=make_user("approver"))
        declined = decline_correction(asked, note="They stay", actor=make_user("approver"))
        assert (declined.state, declined.decision_note, totals(lot)) == ("declined", "They stay", (10, 0, 0))
        with pytest.raises(AlreadyDecided, match="is declined"):
            approve_correction(declined, actor=make_user("approver"))

    def test_withdrawn_by_whoever_asked_and_asked_for_again(self, lot, sam):
        asked = request_refund(lot, credits=1, reason="They leave", actor=sam)
        assert decline_correction(asked, note="", actor=sam).state == "withdrawn"
        refunded(lot, 2)
        assert totals(lot) == (8, 0, 2)
