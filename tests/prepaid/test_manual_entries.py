"""Rule 24 to the cent, both signs: an entry by hand with money behind it and without, in LCY and in another currency."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.models import Dimension, JournalEntry, JournalLine, LedgerAccount, ProductPostingGroup
from pages.preview import rehearse
from pages.refusals import Refused
from prepaid.exceptions import BadEntry, NotEnoughLeft, NotPostable, ServiceClosed
from prepaid.models import EntryRequest, InflowBalance, PrepaidEntry, PrepaidService, PrepaidSetup
from prepaid.services.manual import EntryTerms, request_entry, request_opening
from prepaid.services.services import close_service
from tests.builders import make_account, make_rate, trial_balance
from tests.prepaid.selling import TODAY, make_service, top_up, use

pytestmark = pytest.mark.django_db
PLUS, MINUS = EntryRequest.Type
PERIODIC, QUANTITY = PrepaidService.Accrual.PERIODIC, PrepaidService.Type.QUANTITY


def terms(entry_type=PLUS, amount="0", *, on=TODAY, account="4095", group="PREPAID", **changes) -> EntryTerms:
    said = {
        "entry_type": entry_type,
        "posted_on": on,
        "amount": Decimal(amount),
        "balancing_account": account and LedgerAccount.objects.get(pk=account),
        "product_group": group and ProductPostingGroup.objects.get(pk=group),
        "reason": "Goodwill",
    }
    return EntryTerms(**said | changes)


def only(entry_type=PLUS, amount="0", **changes) -> EntryTerms:
    """Quantity-only."""
    return terms(entry_type, amount, account=None, group=None, quantity_only=True, **changes)


def left(service: PrepaidService) -> list[tuple]:
    """Of each inflow, in its order: amount, LCY, quantity."""
    rows = InflowBalance.objects.filter(service=service).order_by("entry_id")
    return [(row.remaining, row.remaining_lcy, row.remaining_quantity) for row in rows]


def refused(kind, service, said, actor) -> Refused:
    """Refused, and nothing written."""
    before = EntryRequest.objects.count(), PrepaidEntry.objects.count(), JournalEntry.objects.count()
    with pytest.raises(kind) as found:
        request_entry(service, said, actor=actor)
    assert (EntryRequest.objects.count(), PrepaidEntry.objects.count(), JournalEntry.objects.count()) == before
    return found.value


def test_plus_and_minus_are_mirrors(service, finance):
    request = request_entry(service, terms(PLUS, "150.00", document_no="GW-1"), actor=finance)
    assert request.state == "posted"
    assert trial_balance() == {"4095": {"USD": 150, "LCY": 150}, "2410": {"USD": -150, "LCY": -150}}
    (inflow,) = PrepaidEntry.objects.all()
    assert (inflow.entry_type, inflow.document_type, inflow.document_no) == ("positive", "by_hand", "GW-1")
    assert (inflow.product_group_id, inflow.business_group_id) == ("PREPAID", "DOMESTIC")
    assert (inflow.deferral_account_id, inflow.deferral_group_id, inflow.exchange_rate) == ("2410", "PREPAID-DEF", 1)
    assert (inflow.reason, inflow.created_by, inflow.event_key) == ("Goodwill", finance, request.event_key)
    entry = JournalEntry.objects.get()
    assert (entry.event_key, entry.kind, entry.effective_on) == (request.event_key, "prepaid_entry", TODAY)
    said = [(line.account_id, line.product_group_id, line.party, line.lot) for line in entry.lines.all()]
    party = service.account.party
    assert said == [("4095", "PREPAID", party, inflow.lot), ("2410", "PREPAID-DEF", party, inflow.lot)]
    request_entry(service, terms(MINUS, "150.00"), actor=finance)
    assert trial_balance() == {}
    assert left(service) == [(0, 0, 0)]
    mirror = JournalEntry.objects.order_by("pk").last()
    assert [(line.account_id, line.product_group_id) for line in mirror.lines.all()] == [
        ("2410", "PREPAID-DEF"),
        ("4095", "PREPAID"),
    ]


def test_postings_carry_the_dimensions_of_the_account_and_of_the_service(service, finance):
    service.account.dimensions = {"REGION": "NORTH"}
    service.dimension_value = service.number
    Dimension.objects.create(code="REGION", name="Region").values.create(code="NORTH", name="North")
    Dimension.objects.create(code="PS", name="Prepaid").values.create(code=service.number, name="Budget")
    service.account.save()
    service.save()
    PrepaidSetup.objects.update(dimension="PS")
    request_entry(service, terms(PLUS, "1.00"), actor=finance)
    request_entry(service, terms(MINUS, "1.00"), actor=finance)
    carried = {tuple(sorted(line.dimensions.items())) for line in JournalLine.objects.all()}
    assert carried == {(("PS", service.number), ("REGION", "NORTH"))}


def test_minus_draws_in_drawing_order_what_can_be_used_on_its_day(service, finance):
    request_entry(service, terms(PLUS, "10.00"), actor=finance)
    request_entry(service, terms(PLUS, "10.00", valid_until=TODAY), actor=finance)
    before = TODAY - datetime.timedelta(days=1)
    request_entry(service, terms(PLUS, "10.00", on=before, valid_until=before), actor=finance)
    request_entry(service, terms(MINUS, "15.00"), actor=finance)
    assert left(service) == [(5, 5, 0), (0, 0, 0), (10, 10, 0)]
    refusal = refused(NotEnoughLeft, service, terms(MINUS, "5.01"), finance)
    assert refusal.field == "amount"
    assert "USD\xa05.00 left that can be used on 24 Nov 2026, less than USD\xa05.01" in str(refusal)
    request_entry(service, terms(MINUS, "5.00"), actor=finance)
    assert left(service) == [(0, 0, 0), (0, 0, 0), (10, 10, 0)]


def test_what_has_no_money_behind_it_posts_nothing_whichever_sign(service, finance):
    """Rule 32: nor does an inflow without money behind it ever touch 2410."""
    request_entry(service, only(PLUS, "20.00", valid_until=TODAY), actor=finance)
    assert trial_balance() == {}
    top_up(service, "100.00", actor=finance)
    sold = trial_balance()
    refusal = refused(NotEnoughLeft, service, only(MINUS, "20.01"), finance)
    assert "without money behind it" in str(refusal)
    request_entry(service, only(MINUS, "5.00"), actor=finance)
    assert trial_balance() == sold
    request_entry(service, terms(MINUS, "25.00"), actor=finance)
    assert left(service) == [(0, 0, 0), (90, 90, 0)]
    assert trial_balance() == {
        "1100": {"USD": 100, "LCY": 100}, "2410": {"USD": -90, "LCY": -90}, "4095": {"USD": -10, "LCY": -10},
    }  # fmt: skip


def test_a_periodic_service_and_a_quantity_are_always_quantity_only(account, finance):
    budget = make_service(account, actor=finance, accrual=PERIODIC)
    hours = make_service(account, actor=finance, accrual=PERIODIC, type=QUANTITY, unit_of_measure="HOUR")
    request = request_entry(budget, terms(PLUS, "50.00", account=None), actor=finance)
    assert request.quantity_only
    refusal = refused(BadEntry, budget, terms(PLUS, "50.00"), finance)
    assert refusal.field == "balancing_account"
    request_entry(hours, terms(quantity=Decimal("7.5"), account=None, valid_until=TODAY), actor=finance)
    request_entry(hours, terms(MINUS, quantity=Decimal("2.5"), account=None), actor=finance)
    assert (left(budget), left(hours)) == ([(50, 50, 0)], [(0, 0, 5)])
    assert JournalEntry.objects.count() == 0


def test_amounts_in_lcy_stay_at_the_rate_of_the_day_they_came_in(finance, company):
    make_rate("GBP", "1.2711")
    service = make_service(make_account(currency="GBP"), actor=finance)
    request_entry(service, terms(PLUS, "250.00"), actor=finance)
    assert trial_balance()["2410"] == {"GBP": -250, "LCY": Decimal("-317.78")}
    make_rate("GBP", "2", starting_on=TODAY)
    request_entry(service, terms(MINUS, "100.00"), actor=finance)
    assert trial_balance()["2410"] == {"GBP": -150, "LCY": Decimal("-190.67")}
    request_entry(service, terms(MINUS, "150.00"), actor=finance)
    assert trial_balance() == {}
    earlier = request_entry(service, terms(PLUS, "1.00", on=TODAY - datetime.timedelta(days=1)), actor=finance)
    assert PrepaidEntry.objects.get(event_key=earlier.event_key).amount_lcy == Decimal("1.27")


parts = st.lists(st.tuples(st.sampled_from(["minus", "use", "plus"]), st.integers(1, 9999)), min_size=2, max_size=7)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["0.3333", "1.2711", "0.0067"]), st.integers(1, 99999), parts)
def test_any_order_of_parts_ends_at_zero_in_both_currencies(company, finance, rate, cents, steps):
    """Origin: erpnext#55600, an item settled in parts left a residue in the base currency (bug 16)."""
    rehearse(lambda: play(finance, rate, Decimal(cents) / 100, steps))  # so that no example stands on another


def play(actor, rate: str, amount: Decimal, steps: list[tuple[str, int]]) -> None:
    make_rate("GBP", rate, starting_on=datetime.date(2020, 1, 2))
    service = make_service(make_account(currency="GBP"), actor=actor)
    request_entry(service, terms(PLUS, str(amount)), actor=actor)
    for way, cents in steps:
        part = min(Decimal(cents) / 100, PrepaidService.objects.with_balances().get(pk=service.pk).outstanding)
        if way == "plus":
            request_entry(service, terms(PLUS, str(Decimal(cents) / 100)), actor=actor)
        elif part and way == "minus":
            request_entry(service, terms(MINUS, str(part)), actor=actor)
        elif part:
            use(service, str(part), actor=actor)
    rest = PrepaidService.objects.with_balances().get(pk=service.pk).outstanding
    if rest:
        request_entry(service, terms(MINUS, str(rest)), actor=actor)
    assert {row[:2] for row in left(service)} == {(0, 0)}
    assert "2410" not in trial_balance()


def test_valid_until_is_the_formula_applied_to_the_posting_date(account, finance):
    monthly = make_service(account, actor=finance, valid_until_formula="1M")
    back = make_service(account, actor=finance, valid_until_formula="-1M")
    assert request_entry(monthly, terms(PLUS, "1.00"), actor=finance).valid_until == datetime.date(2026, 12, 24)
    typed = terms(PLUS, "1.00", valid_until=TODAY)
    assert request_entry(monthly, typed, actor=finance).valid_until == TODAY
    assert list(PrepaidEntry.objects.order_by("pk").values_list("valid_until", flat=True)) == [
        datetime.date(2026, 12, 24),
        TODAY,
    ]
    assert request_entry(monthly, terms(MINUS, "1.00"), actor=finance).valid_until is None
    refusal = refused(BadEntry, back, terms(PLUS, "1.00"), finance)
    assert refusal.field == "valid_until"
    assert request_entry(back, typed, actor=finance).valid_until == TODAY
    with pytest.raises(NotPostable, match="Correct the dateformula of PS-00002"):
        top_up(back, "10.00", actor=finance)


DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("field", "changes", "said"),
    [
        ("posted_on", {"on": TODAY + DAY}, "25 Nov 2026 has not come"),
        ("amount", {"amount": "0"}, "above zero"),
        ("amount", {"amount": "-1"}, "above zero"),
        ("amount", {"amount": "1.005"}, "1.005 has more decimals than the 2 of USD"),
        ("amount", {"amount": "10000000000000000"}, "too large"),
        ("quantity", {"amount": "1", "quantity": Decimal(1)}, "kept as an amount"),
        ("valid_until", {"amount": "1", "valid_until": TODAY - DAY}, "23 Nov 2026 is before the posting date"),
        ("valid_until", {"amount": "1", "entry_type": MINUS, "valid_until": TODAY}, "has no end"),
        ("product_group", {"amount": "1", "group": None}, "product posting group"),
        ("balancing_account", {"amount": "1", "account": None}, "balancing account"),
        ("balancing_account", {"amount": "1", "account": "2410"}, "takes no entries by hand"),
        ("balancing_account", {"amount": "1", "quantity_only": True}, "quantity-only"),
        ("reason", {"amount": "1", "reason": "  "}, "Say why"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(service, finance, field, changes, said):
    refusal = refused(BadEntry, service, terms(**{"amount": "1"} | changes), finance)
    assert refusal.field == field
    assert said in str(refusal)


def test_a_blocked_account_and_a_closed_service_are_refused(service, finance):
    LedgerAccount.objects.filter(pk="4095").update(blocked=True)
    assert "is blocked" in str(refused(BadEntry, service, terms(PLUS, "1"), finance))
    close_service(service, actor=finance)
    refused(ServiceClosed, service, only(PLUS, "1"), finance)


def test_an_entry_of_an_import_waits_above_the_threshold_as_one_by_hand_does(service, finance):
    PrepaidSetup.objects.update(approve_amounts_above=10000)
    at_once = request_opening(service, terms(PLUS, "10000.00"), actor=finance)
    assert (at_once.state, at_once.needs_approval) == ("posted", False)
    assert PrepaidEntry.objects.get().document_type == "opening"
    waits = request_opening(service, terms(PLUS, "10000.01"), actor=finance)
    assert (waits.state, waits.needs_approval, waits.document_type) == ("requested", True, "opening")
    assert trial_balance()["2410"] == {"USD": -10000, "LCY": -10000}
