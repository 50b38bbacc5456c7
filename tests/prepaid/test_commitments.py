"""Service objects and commitments: made and changed by hand, prices from a day on, notices; what is billed of them stays."""

import datetime
from decimal import Decimal

import pytest

from ledger.models import ChangeLogEntry, Currency
from opportunities.models import CommitmentOption
from prepaid.exceptions import BadContract
from prepaid.models import ReleaseRun, ServiceCommitment
from prepaid.reports.commitments import per_base_period, running, to_credit, with_price
from prepaid.services.contracts.billed import last_billed
from prepaid.services.contracts.cancelling import cancel, withdraw_cancellation
from prepaid.services.contracts.commitments import CommitmentCard, create_commitment, edit_commitment
from prepaid.services.contracts.objects import ObjectTerms, create_object, edit_object
from prepaid.services.contracts.prices import Price, price_on, set_price
from prepaid.services.contracts.release import release_deferrals, undo_release
from tests.builders import make_account
from tests.prepaid.contracting import (
    agree,
    at,
    bill_until,
    billed,
    make_budget,
    make_contract,
    make_hours,
    make_item,
    make_object,
)
from tests.prepaid.selling import TODAY, make_product, make_service, use

pytestmark = pytest.mark.django_db
D, day = Decimal, datetime.date
USD = "USD"


def card(**changes) -> CommitmentCard:
    terms = {"description": "Support", **changes.pop("terms", {})}
    currency = Currency.objects.get(pk=changes.pop("currency", USD))
    return CommitmentCard(**{"currency": currency, "starts_on": day(2026, 11, 1), "terms": terms, **changes})


def card_of(commitment: ServiceCommitment, **changes) -> CommitmentCard:
    names = ("currency", "starts_on", "anchor_on", "ends_on", "prepaid_service")
    terms = {
        name: getattr(commitment, name)
        for name in ("description", "base_period", "rhythm", "initial_term", "extension_term", "notice_period")
    }
    kept = {name: getattr(commitment, name) for name in names}
    return CommitmentCard(**kept | changes | {"terms": terms | changes.get("terms", {})})


class TestObjects:
    def test_an_object_is_made_changed_and_signed(self, account, finance):
        product = make_item()
        made = create_object(ObjectTerms(account=account, product=product, reference=" SN 7 "), actor=finance)
        assert (made.number, made.description, made.reference) == ("SVO-000001", "Hours-M", "SN 7")
        assert (made.provided_on, made.quantity, made.created_by) == (TODAY, 1, finance)
        other = make_product("SEAT", commitment_option=CommitmentOption.COMMITMENT_ITEM, unit_of_measure="SEAT")
        made = edit_object(made, ObjectTerms(account=account, product=other, quantity=D("2.5")), actor=finance)
        assert (made.product, made.quantity, made.unit_of_measure) == (other, D("2.5"), "SEAT")
        logged = ChangeLogEntry.objects.filter(table="prepaid_serviceobject").order_by("pk").last()
        assert (logged.actor, logged.action) == (finance, "Edit service object")

    def test_account_and_product_stay_once_something_is_agreed(self, account):
        made = make_object(account)
        create_commitment(made, card(), actor=None)
        for terms in (
            {"account": make_account("Another"), "product": made.product},
            {"account": account, "product": make_item("X")},
        ):
            with pytest.raises(BadContract, match="has commitments: its account and its product stay"):
                edit_object(made, ObjectTerms(**terms), actor=None)
        assert (
            edit_object(made, ObjectTerms(account=account, product=made.product, quantity=D(3)), actor=None).quantity
            == 3
        )

    @pytest.mark.parametrize("quantity", [D(0), D(-1), D("0.00001")])
    def test_a_quantity_of_nothing(self, account, quantity):
        with pytest.raises(BadContract, match=r"A quantity of .*: enter more than 0") as refused:
            create_object(ObjectTerms(account=account, product=make_item(), quantity=quantity), actor=None)
        assert refused.value.field == "quantity"


class TestAgreeing:
    def test_what_is_agreed_by_hand(self, account, finance):
        made = make_object(account)
        terms = {"base_period": " 1 m", "rhythm": "1q", "initial_term": "1Y"}
        price = Price(price=D("12.50"), quantity=D(3), discount_percent=D(10))
        commitment = create_commitment(made, card(terms=terms, price=price), actor=finance)
        assert (commitment.base_period, commitment.rhythm, commitment.anchor_on) == ("1M", "1Q", day(2026, 11, 1))
        assert (commitment.ends_on, commitment.next_billing_on) == (day(2027, 10, 31), day(2026, 11, 1))
        (row,) = with_price(ServiceCommitment.objects.select_related("currency"), TODAY)
        assert row.per_period == D("33.75")
        assert per_base_period([row])[0].amount == D("33.75")

    def test_without_a_price_it_has_none_yet(self, account):
        commitment = create_commitment(make_object(account), card(), actor=None)
        assert price_on(commitment, TODAY) is None
        assert with_price(ServiceCommitment.objects.all(), TODAY).get().per_period == 0

    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"terms": {"base_period": "1H"}}, "base_period", "is no period"),
            ({"terms": {"rhythm": "7M", "base_period": "2M"}}, "rhythm", "whole multiple"),
            ({"terms": {"extension_term": "1M"}}, "initial_term", "has an initial term first"),
            ({"ends_on": day(2026, 10, 31)}, "ends_on", "It ends before it starts"),
            ({"anchor_on": day(2026, 11, 2)}, "anchor_on", "counted from its first day, or from one before"),
            ({"price": Price(price=D("-1"))}, "price", "A price of -1: enter 0 or more"),
            ({"price": Price(price=D("0.001"))}, "price", "0.001 is no price in USD, which has 2 decimals"),
            ({"price": Price(price=D(1), quantity=D(0))}, "quantity", "enter more than 0"),
            ({"price": Price(price=D(1), quantity_per_period=D("0.00001"))}, "quantity_per_period", "at most 4 decimals"),
            ({"price": Price(price=D(1), discount_percent=D(101))}, "discount_percent", "A discount of 101 %"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_agreed(self, account, changes, field, sentence):
        with pytest.raises(BadContract, match=sentence) as refused:
            create_commitment(make_object(account), card(**changes), actor=None)
        assert refused.value.field == field
        assert not ServiceCommitment.objects.exists()

    def test_the_prepaid_service_has_to_fit(self, account):
        made, periodic = make_object(account), make_budget(account, currency=Currency.objects.get(pk="EUR"))
        others = make_hours(make_account("Another"))
        for service, terms, field, sentence in (
            (others, {}, "prepaid_service", "belongs to another account"),
            (make_service(account), {}, "prepaid_service", "is one-time. A contract tops up a periodic one"),
            (periodic, {}, "prepaid_service", "is in EUR, not in USD"),
            (make_budget(account), {"partner": "vendor"}, "partner", "its partner is the vendor"),
            (make_budget(account), {"invoicing_via": "sales"}, "invoicing_via", "it is invoiced via sales"),
            (make_budget(account), {"base_percent": D(50)}, "base_percent", "its calculation base is 50 %"),
        ):
            with pytest.raises(BadContract, match=sentence) as refused:
                create_commitment(made, card(prepaid_service=service, terms=terms), actor=None)
            assert refused.value.field == field

    def test_the_first_one_sets_the_currency_of_what_it_tops_up(self, account):
        budget = make_budget(account)
        agree(account, starts_on=day(2026, 11, 1), service=budget)
        budget.refresh_from_db()
        assert budget.currency_id == USD
        with pytest.raises(BadContract, match=f"{budget.number}.* is in USD, not in EUR"):
            agree(account, starts_on=day(2026, 11, 1), service=budget, currency="EUR")

    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"terms": {"initial_term": "9999Y"}}, "initial_term", "is too long: at most 100Y, a hundred years"),
            ({"terms": {"notice_period": "1201M"}}, "notice_period", "is too long: at most 1200M"),
            ({"terms": {"base_period": "401Q", "rhythm": "401Q"}}, "base_period", "at most 400Q"),
            ({"terms": {"base_period": "5201W", "rhythm": "5201W"}}, "base_period", "at most 5200W"),
            ({"starts_on": day(9999, 12, 31), "terms": {"initial_term": "1M"}}, "starts_on", "hundred years away"),
            ({"anchor_on": day(1, 1, 1)}, "anchor_on", "hundred years away"),
            ({"ends_on": day(9999, 12, 31)}, "ends_on", "hundred years away"),
            ({"price": Price(price=D(1), quantity=D(10**11), quantity_per_period=D(10**11))}, "quantity_per_period",
             "more than a prepaid service can hold"),
        ],
    )  # fmt: skip
    def test_what_lies_out_of_reach(self, account, changes, field, sentence):
        with pytest.raises(BadContract, match=sentence) as refused:
            create_commitment(make_object(account), card(**changes), actor=None)
        assert refused.value.field == field


class TestEditing:
    def test_until_it_is_billed_everything_of_it_can_change(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 11, 1))
        changed = card_of(
            commitment, starts_on=day(2026, 12, 1), anchor_on=None, terms={"base_period": "1Q", "rhythm": "1Y"}
        )
        commitment = edit_commitment(commitment, changed, actor=finance)
        assert (commitment.starts_on, commitment.anchor_on, commitment.next_billing_on) == (day(2026, 12, 1),) * 3
        assert commitment.prices.get().from_on == day(2026, 12, 1)  # its first price goes with its first day

    def test_what_is_billed_keeps_its_start_base_period_and_currency(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 10, 1))
        bill_until(day(2026, 10, 31))
        for changes in (
            {"starts_on": day(2026, 10, 2), "anchor_on": day(2026, 10, 1)},
            {"anchor_on": day(2026, 9, 1)},
            {"terms": {"base_period": "1Q", "rhythm": "1Q"}},
            {"terms": {"partner": "vendor"}},
        ):
            with pytest.raises(
                BadContract, match="is billed in part: its start, base period, currency and invoicing stay"
            ):
                edit_commitment(commitment, card_of(commitment, **changes), actor=None)
        with pytest.raises(BadContract, match=r"is billed until 31 Oct 2026. Cancel it to end it earlier") as refused:
            edit_commitment(commitment, card_of(commitment, ends_on=day(2026, 10, 15)), actor=None)
        assert refused.value.field == "ends_on"
        terms = {"rhythm": "1Q", "description": "Support 24/7"}
        edited = edit_commitment(commitment, card_of(commitment, ends_on=day(2027, 3, 31), terms=terms), actor=finance)
        assert (edited.rhythm, edited.description, edited.ends_on) == ("1Q", "Support 24/7", day(2027, 3, 31))
        assert edited.next_billing_on == day(2026, 11, 1)

    def test_a_rhythm_that_cuts_a_billed_base_period_otherwise(self, account, finance):
        """The parts of a year come to its price only when it is cut one way."""
        commitment = agree(account, starts_on=day(2026, 10, 1), base_period="1Y", rhythm="1M")
        bill_until(day(2026, 10, 31))
        with pytest.raises(BadContract, match=r"a rhythm of 1Q cuts its base period otherwise") as refused:
            edit_commitment(commitment, card_of(commitment, terms={"rhythm": "1Q"}), actor=finance)
        assert refused.value.field == "rhythm"

    def test_with_a_later_start_the_price_in_force_there_is_the_first(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 8, 1), price="100", quantity="1")
        for price, from_on in (("120", day(2026, 9, 1)), ("140", day(2026, 11, 1)), ("160", day(2027, 1, 1))):
            set_price(commitment, Price(price=D(price)), from_on=from_on, actor=finance)
        prices = commitment.prices.order_by("from_on").values_list("from_on", "price")
        for start, kept in (
            (day(2026, 10, 1), [(day(2026, 10, 1), 120), (day(2026, 11, 1), 140), (day(2027, 1, 1), 160)]),
            (day(2026, 11, 1), [(day(2026, 11, 1), 140), (day(2027, 1, 1), 160)]),
            (day(2026, 7, 1), [(day(2026, 7, 1), 140), (day(2027, 1, 1), 160)]),
        ):
            commitment = edit_commitment(
                commitment, card_of(commitment, starts_on=start, anchor_on=None), actor=finance
            )
            assert list(prices.all()) == kept

    def test_what_a_contract_bills_stays_what_it_can_bill(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 11, 1))
        with pytest.raises(BadContract, match=r"in USD, not in EUR. Take it out there first"):
            edit_commitment(commitment, card_of(commitment, currency=Currency.objects.get(pk="EUR")), actor=finance)
        for field, value in (("partner", "vendor"), ("invoicing_via", "sales")):
            with pytest.raises(BadContract, match=r"its partner stays the customer") as refused:
                edit_commitment(commitment, card_of(commitment, terms={field: value}), actor=finance)
            assert refused.value.field == field

    def test_what_it_says_already_counts_for_the_service_that_it_is_to_top_up(self, account, finance):
        """Half of its price is no whole top-up, whatever else of it is edited."""
        commitment = agree(account, starts_on=day(2026, 11, 1), base_percent=D(50))
        with pytest.raises(BadContract, match="its calculation base is 50 %") as refused:
            edit_commitment(commitment, card_of(commitment, prepaid_service=make_hours(account)), actor=finance)
        assert refused.value.field == "base_percent"


class TestPrices:
    def test_another_price_from_a_day_on(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 10, 1), price="100", quantity="1")
        set_price(commitment, Price(price=D(110)), from_on=day(2026, 12, 16), actor=finance)
        assert [price_on(commitment, each).price for each in (day(2026, 9, 1), day(2026, 12, 15), day(2026, 12, 16))] == [
            D(100), D(100), D(110),
        ]  # fmt: skip
        set_price(commitment, Price(price=D(120)), from_on=day(2026, 12, 16), actor=finance)  # instead of the other
        set_price(commitment, Price(price=D(90)), actor=finance)  # of the first day
        assert list(commitment.prices.values_list("from_on", "price")) == [
            (day(2026, 10, 1), D(90)), (day(2026, 12, 16), D(120)),
        ]  # fmt: skip

    def test_what_is_billed_stays_at_its_price(self, account):
        commitment = agree(account, starts_on=day(2026, 10, 1), ends_on=day(2026, 12, 31))
        bill_until(day(2026, 10, 31))
        for from_on, sentence in (
            (day(2026, 10, 31), "is billed until 31 Oct 2026: its price changes after that day"),
            (day(2026, 9, 30), "30 Sep 2026 lies outside"),
            (day(2027, 1, 1), "1 Jan 2027 lies outside"),
        ):
            with pytest.raises(BadContract, match=sentence) as refused:
                set_price(commitment, Price(price=D(1)), from_on=from_on, actor=None)
            assert refused.value.field == "from_on"
        with pytest.raises(BadContract, match="is no price in USD, which has 2 decimals"):
            set_price(commitment, Price(price=D("0.001")), from_on=day(2026, 11, 1), actor=None)
        set_price(commitment, Price(price=D(1)), from_on=day(2026, 11, 1), actor=None)
        assert commitment.prices.count() == 2


class TestCancelling:
    def test_a_day_out_of_reach(self, account):
        commitment = agree(account, starts_on=day(2026, 10, 1))
        for name, far in (("ends_on", day(9999, 12, 31)), ("notice_on", day(1, 1, 1))):
            with pytest.raises(BadContract, match="lies more than a hundred years away") as refused:
                cancel(commitment, **{name: far}, actor=None)
            assert refused.value.field == name

    def test_a_notice_ends_it_with_the_first_term_for_which_it_is_in_time(self, account, finance):
        terms = {"initial_term": "1Y", "extension_term": "1Y", "notice_period": "3M"}
        commitment = agree(account, starts_on=day(2026, 1, 1), **terms)
        found = running(commitment, TODAY)
        assert (found.until, found.last_notice) == (day(2026, 12, 31), day(2026, 9, 30))
        late = cancel(commitment, actor=finance)  # on 24 November
        assert (late.ends_on, late.cancelled_on) == (day(2027, 12, 31), TODAY)
        assert running(late, TODAY).last_notice is None
        with pytest.raises(BadContract, match=r"is cancelled already: it ends on 31 Dec 2027. Withdraw"):
            cancel(late, actor=finance)
        assert withdraw_cancellation(late, actor=finance).ends_on is None
        with pytest.raises(BadContract, match="is not cancelled"):
            withdraw_cancellation(late, actor=finance)
        in_time = cancel(commitment, notice_on=day(2026, 9, 30), actor=finance)
        assert in_time.ends_on == day(2026, 12, 31)
        logged = ChangeLogEntry.objects.filter(table="prepaid_servicecommitment").order_by("pk").last()
        assert (logged.action, set(logged.changes)) == ("Cancel service commitment", {"ends_on", "cancelled_on"})

    def test_an_earlier_end_says_why(self, account, finance):
        terms = {"initial_term": "1Y", "extension_term": "1Y", "notice_period": "3M"}
        commitment = agree(account, starts_on=day(2026, 1, 1), **terms)
        for when, sentence, field in (
            ({"ends_on": day(2025, 12, 31)}, "starts on 1 Jan 2026: choose that day or a later one", "ends_on"),
            ({"ends_on": day(2026, 12, 31)}, "A notice on 24 Nov 2026 ends it on 31 Dec 2027. Say why", "reason"),
            ({"notice_on": day(2026, 11, 25)}, "25 Nov 2026 has not come", "notice_on"),
        ):
            with pytest.raises(BadContract, match=sentence) as refused:
                cancel(commitment, **when, actor=finance)
            assert refused.value.field == field
        assert cancel(commitment, ends_on=day(2026, 12, 31), reason="Agreed", actor=finance).ends_on == day(
            2026, 12, 31
        )

    def test_what_ends_by_itself_ends_then_at_the_latest(self, account):
        commitment = agree(account, starts_on=day(2026, 1, 1), initial_term="1Y", notice_period="3M")
        assert cancel(commitment, actor=None).ends_on == day(2026, 12, 31)
        assert withdraw_cancellation(commitment, actor=None).ends_on == day(2026, 12, 31)

    def test_ends_where_somebody_had_typed_it_when_the_notice_is_taken_back(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 1, 1), ends_on=day(2027, 6, 30), actor=finance)
        with pytest.raises(BadContract, match=r"ends on 30 Jun 2027 as it is. Edit it to let it run longer"):
            cancel(commitment, ends_on=day(2027, 12, 31), actor=finance)
        assert cancel(commitment, ends_on=day(2026, 12, 31), actor=finance).ends_on == day(2026, 12, 31)
        assert withdraw_cancellation(commitment, actor=finance).ends_on == day(2027, 6, 30)

    def test_what_is_billed_beyond_the_end_is_told_invoice_by_invoice(self, account, finance):
        commitment = agree(account, starts_on=day(2026, 10, 1), price="31", quantity="1", rhythm="1M")
        (first,) = billed(day(2026, 10, 31), actor=finance)
        (second,) = bill_until(TODAY, actor=finance).invoices
        assert last_billed(commitment) == day(2026, 11, 30)
        found = to_credit(commitment, day(2026, 10, 11))
        assert [(each.document, each.starts_on, each.ends_on) for each in found] == [
            (first, day(2026, 10, 12), day(2026, 10, 31)),
            (second, day(2026, 11, 1), day(2026, 11, 30)),
        ]
        assert to_credit(commitment, day(2026, 11, 30)) == []
        cancelled = cancel(commitment, ends_on=day(2026, 10, 11), reason="Agreed", actor=finance)
        assert (cancelled.is_over, last_billed(cancelled)) == (True, day(2026, 11, 30))

    def test_what_a_credit_memo_can_take_back_of_it_is_told(self, account, finance):
        """Whole months that are not released: 300.00 for October to December, which ends on 11 October or on 15 November."""
        budget = make_budget(account)
        commitment = agree(
            account, starts_on=day(2026, 10, 1), price="300", quantity="1", base_period="1Q", rhythm="1Q", service=budget
        )  # fmt: skip
        billed(day(2026, 10, 1), commitment, posted_on=day(2026, 10, 1), actor=finance)

        def told(end):
            return [(each.amount, each.from_on, each.why_not) for each in to_credit(commitment, end)]

        assert told(day(2026, 11, 15)) == [(D(300), day(2026, 10, 1), "")]
        release_deferrals(until=day(2026, 10, 31), actor=finance)
        assert told(day(2026, 10, 11)) == told(day(2026, 11, 15)) == [(D(200), day(2026, 11, 1), "")]
        use(budget, "100.00", on=TODAY, actor=finance)
        assert told(day(2026, 11, 15)) == [(D(200), day(2026, 11, 1), "")]
        undo_release(ReleaseRun.objects.get(), reason="Too early", actor=finance)
        ((_, _, why_not),) = told(day(2026, 11, 15))
        assert "100.00 of what it topped up is used" in why_not
        with at(day(2026, 12, 31)):
            release_deferrals(actor=finance)
        assert told(day(2026, 10, 11)) == [(D(0), None, "")]


def test_sums_are_by_base_period_of_what_is_still_to_be_billed(account):
    contract = make_contract(account)
    for price, terms in (("10", {}), ("20", {}), ("500", {"base_period": "1Y", "rhythm": "1Y"})):
        agree(account, starts_on=day(2026, 10, 1), contract=contract, price=price, quantity="1", **terms)
    agree(account, starts_on=day(2026, 10, 1), ends_on=day(2026, 10, 31), contract=contract, price="7", quantity="1")
    bill_until(day(2026, 10, 31))
    found = per_base_period(with_price(ServiceCommitment.objects.select_related("currency"), TODAY))
    assert [(each.base_period, each.amount, each.count) for each in found] == [("1M", D(30), 2), ("1Y", D(500), 1)]
