"""Contracts by their months: 12 months with 8 hours a month, unused hours valid for three, through 14 months of nights;
after every month what is billed, topped up, used, lapsed, released and still deferred."""

import datetime
import itertools
from decimal import Decimal

import pytest

from ledger.reports.roll_forward import roll_forward
from ledger.tie_outs import check_books, tie_outs
from prepaid.models import (
    ContractDeferral,
    CreditScope,
    DeferralLine,
    PrepaidEntry,
    PrepaidService,
    PrepaidSetup,
    SalesDocument,
)
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.post_document import post_document
from tests import builders
from tests.builders import trial_balance
from tests.prepaid.contracting import D, agree, at, billed, make_budget, make_hours, nights, waiting
from tests.prepaid.selling import make_document, make_product

pytestmark = pytest.mark.django_db
Type = PrepaidEntry.Type


@pytest.fixture
def billing_by_night(company):
    PrepaidSetup.objects.update(automatic_billing="post")


def month_of(number: int) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a month, counted from January 2026."""
    first = D(2026 + number // 12, number % 12 + 1, 1)
    following = D(2026 + (number + 1) // 12, (number + 1) % 12 + 1, 1)
    return first, following - datetime.timedelta(days=1)


def use_hours(service: PrepaidService, hours: str, on: datetime.date, *, actor) -> SalesDocument:
    """An invoice of so many hours of work at 100.00, of which the service pays what it can."""
    terms = LineTerms(
        product=make_product(f"WORK-{on}"),
        quantity=Decimal(hours),
        unit_of_measure="HOUR",
        unit_price=Decimal(100),
        prepaid_service=service,
    )
    with at(on):
        return post_document(make_document(service.account, terms, on=on, actor=actor), actor=actor)


def moved(service: PrepaidService, entry_type: str, first: datetime.date, last: datetime.date) -> Decimal:
    entries = service.entries.filter(entry_type=entry_type, posted_on__range=(first, last))
    return sum((entry.quantity for entry in entries), Decimal(0))


def silent() -> list[str]:
    return [str(offender) for check in check_books() for offender in check.offenders]


def test_fourteen_months_of_nights(account, finance, billing_by_night):
    service = make_hours(account, "2M+CM", actor=finance)
    agree(account, starts_on=D(2026, 1, 1), ends_on=D(2026, 12, 31), service=service, actor=finance)
    # Hours received, used and lapsed; money owed and released, by month.
    used = {1: "20", 2: "5"}
    lapsed = {5: 3, **dict.fromkeys(range(6, 15), 8)}
    owed, released = Decimal(0), Decimal(0)
    for number in range(15):
        first, last = month_of(number)
        middle = first + datetime.timedelta(days=14)
        nights(first, middle)
        if number in used:
            use_hours(service, used[number], middle, actor=finance)
        nights(middle + datetime.timedelta(days=1), last)
        owed += (1000 if number < 12 else 0) + (
            400 if number == 1 else 0
        )  # 4 of the 20 hours were more than there were
        released += 1000 if number < 12 else 0
        assert moved(service, Type.POSITIVE, first, last) == (8 if number < 12 else 0), first
        assert moved(service, Type.CONSUMPTION, first, last) == {1: -16, 2: -5}.get(number, 0), first
        assert moved(service, Type.DISSOLUTION, first, last) == -lapsed.get(number, 0), first
        stands = {code: by["USD"] for code, by in trial_balance().items()}
        excess = {"4000": Decimal(-400)} if number >= 1 else {}
        assert stands == {"1100": owed, "4020": -released, **excess}, first
    assert PrepaidService.objects.with_balances().get(pk=service.pk).outstanding_quantity == 0
    assert SalesDocument.objects.filter(billing_run__by_night=True, state="posted").count() == 12
    assert not DeferralLine.objects.open().exists()
    assert silent() == []
    deferred = [row for row in roll_forward(D(2026, 1, 1), D(2027, 3, 31)) if row.key == "2420"]
    assert {(row.own.additions, row.own.revenue, row.own.changes, row.own.closing) for row in deferred} == {
        (1000, 1000, 0, 0)
    }
    assert [row.month for row in deferred] == [month_of(number)[0] for number in range(12)]
    (ends,) = (row for row in tie_outs(D(2027, 3, 31)) if row.account == "2420")
    assert ends.agrees
    assert (ends.own.sold, ends.own.consumed, ends.books) == (12000, 12000, 0)


def test_from_the_31st_of_january_in_euro(company, finance, billing_by_night):
    account = builders.make_account(currency="EUR")
    builders.make_rate("EUR", "1.1")
    service = make_hours(account, "2M+CM", actor=finance)
    commitment = agree(
        account, starts_on=D(2026, 1, 31), price="125.00", service=service, initial_term="1Y", actor=finance
    )
    assert commitment.ends_on == D(2027, 1, 30)
    nights(D(2026, 1, 30), D(2026, 3, 15))
    use_hours(service, "20", D(2026, 3, 15), actor=finance)  # 16 are there
    nights(D(2026, 3, 16), D(2026, 4, 15))
    use_hours(service, "5", D(2026, 4, 15), actor=finance)
    nights(D(2026, 4, 16), D(2027, 2, 28))
    starts = list(commitment.billed_periods.values_list("starts_on", "ends_on"))
    assert [day for day, _ in starts] == [
        D(2026, 1, 31), D(2026, 2, 28), D(2026, 3, 31), D(2026, 4, 30), D(2026, 5, 31), D(2026, 6, 30), D(2026, 7, 31),
        D(2026, 8, 31), D(2026, 9, 30), D(2026, 10, 31), D(2026, 11, 30), D(2026, 12, 31),
    ]  # fmt: skip
    assert all(end + datetime.timedelta(days=1) == start for (_, end), (start, _) in itertools.pairwise(starts))
    assert [entry.quantity for entry in service.entries.filter(entry_type=Type.POSITIVE)] == [8] * 12
    assert trial_balance() == {
        "1100": {"EUR": Decimal("12400.00"), "LCY": Decimal("13640.00")},
        "4000": {"EUR": Decimal("-400.00"), "LCY": Decimal("-440.00")},
        "4020": {"EUR": Decimal("-12000.00"), "LCY": Decimal("-13200.00")},
    }
    assert moved(service, Type.CONSUMPTION, D(2026, 1, 1), D(2027, 2, 28)) == -21
    assert moved(service, Type.DISSOLUTION, D(2026, 1, 1), D(2027, 2, 28)) == -(3 + 8 * 8)
    assert PrepaidService.objects.with_balances().get(pk=service.pk).outstanding_quantity == 8  # of 31 December
    assert not DeferralLine.objects.open().exists()
    assert silent() == []


def test_the_hours_of_a_contract_that_is_cancelled_after_five_months(account, finance, billing_by_night):
    service = make_hours(account, "2M+CM", actor=finance)
    commitment = agree(account, starts_on=D(2026, 1, 1), service=service, initial_term="1Y", actor=finance)
    nights(D(2026, 1, 1), D(2026, 2, 15))
    use_hours(service, "20", D(2026, 2, 15), actor=finance)
    nights(D(2026, 2, 16), D(2026, 3, 15))
    use_hours(service, "5", D(2026, 3, 15), actor=finance)
    nights(D(2026, 3, 16), D(2026, 5, 31))
    with at(D(2026, 5, 31)):
        cancel(commitment, ends_on=D(2026, 5, 31), reason="Agreed", actor=finance)
    nights(D(2026, 6, 1), D(2026, 8, 1))
    assert moved(service, Type.POSITIVE, D(2026, 1, 1), D(2026, 8, 1)) == 5 * 8
    assert moved(service, Type.CONSUMPTION, D(2026, 1, 1), D(2026, 8, 1)) == -21
    assert moved(service, Type.DISSOLUTION, D(2026, 1, 1), D(2026, 8, 1)) == -(3 + 2 * 8)
    stands = {code: by["USD"] for code, by in trial_balance().items()}
    assert stands == {"1100": 5400, "4000": -400, "4020": -5000}
    assert not DeferralLine.objects.open().exists()
    assert silent() == []


def test_cancelled_after_five_months_of_twelve(account, finance):
    """Rule 33: 1,000.00 for 12 months, 416.67 released; the 583.33 that wait go back."""
    service = make_budget(account, actor=finance)
    commitment = agree(
        account,
        starts_on=D(2026, 1, 1),
        price="1000.00",
        quantity="1",
        base_period="1Y",
        rhythm="1Y",
        service=service,
        actor=finance,
    )
    with at(D(2026, 1, 1)):
        (invoice,) = billed(D(2026, 1, 1), commitment, actor=finance)
        assert trial_balance() == {code: {"USD": Decimal(amount), "LCY": Decimal(amount)} for code, amount in
                                   (("1100", 1000), ("2420", -1000))}  # fmt: skip
    nights(D(2026, 1, 2), D(2026, 5, 31))
    deferral = ContractDeferral.objects.get()
    assert waiting(deferral) == Decimal("583.33")
    with at(D(2026, 6, 1)):
        cancel(commitment, ends_on=D(2026, 5, 31), notice_on=D(2026, 6, 1), reason="Agreed", actor=finance)
        memo = create_credit_memo(invoice, scope=CreditScope.FUTURE, reason="Cancelled", actor=finance)
        post_document(memo, actor=finance)
        assert trial_balance() == {code: {"USD": Decimal(amount), "LCY": Decimal(amount)} for code, amount in
                                   (("1100", "416.67"), ("4020", "-416.67"))}  # fmt: skip
    assert waiting(deferral) == 0
    assert PrepaidService.objects.with_balances().get(pk=service.pk).outstanding == Decimal("416.67")
    commitment.refresh_from_db()
    assert (commitment.next_billing_on, commitment.is_over) == (D(2026, 6, 1), True)
    nights(D(2026, 6, 1), D(2026, 7, 1))
    assert silent() == []


def test_everything_is_credited_after_five_releases(account, finance):
    """Rule 33b: what is released comes back out of revenue as well, and the days can be billed again."""
    service = make_budget(account, actor=finance)
    commitment = agree(
        account, starts_on=D(2026, 1, 1), price="1000.00", quantity="1", base_period="1Y", rhythm="1Y", service=service,
        actor=finance,
    )  # fmt: skip
    with at(D(2026, 1, 1)):
        (invoice,) = billed(D(2026, 1, 1), commitment, actor=finance)
    nights(D(2026, 1, 2), D(2026, 5, 31))
    with at(D(2026, 6, 1)):
        memo = create_credit_memo(invoice, scope=CreditScope.EVERYTHING, reason="Wrong customer", actor=finance)
        post_document(memo, actor=finance)
        assert trial_balance() == {}
        assert waiting(ContractDeferral.objects.get()) == 0
        assert PrepaidService.objects.with_balances().get(pk=service.pk).outstanding == 0
        commitment.refresh_from_db()
        assert commitment.next_billing_on == D(2026, 1, 1)
        (again,) = billed(D(2026, 6, 1), commitment, actor=finance)
        assert [line.net for line in again.lines.all()] == [Decimal("1000.00")]
    assert silent() == []
