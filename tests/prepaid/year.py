"""A year of prepaid services in small: every event that moves a balance or the books, in two currencies, some of it with VAT.
For tests of what finance signs: checks, tie-out, exports, replay."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

import time_machine

from config.night import run_nights
from ledger.models import LedgerAccount, ProductPostingGroup, VatBusinessGroup, VatPostingSetup, VatProductGroup
from opportunities.models import Account
from prepaid.models import PrepaidService, SalesDocument
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms
from prepaid.services.manual import EntryTerms, approve_entry, request_entry
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid.selling import make_document, make_product, make_service, top_up, use

D = datetime.date
PERIODIC = PrepaidService.Accrual.PERIODIC


@dataclass
class Year:
    """What was made: the customer with VAT, the one in pounds, and their services."""

    account: Account
    abroad: Account
    budget: PrepaidService
    pounds: PrepaidService
    lapsing: PrepaidService
    hours: PrepaidService
    mixed: SalesDocument  # the invoice of more than there was


def at(month: int, day: int):
    return time_machine.travel(datetime.datetime(2026, month, day, 12, tzinfo=datetime.UTC), tick=False)


def with_vat(account: Account, percent: str = "19") -> None:
    """The customer owes VAT on everything with VAT group FULL."""
    home, _ = VatBusinessGroup.objects.get_or_create(code="HOME", defaults={"name": "At home"})
    full, _ = VatProductGroup.objects.get_or_create(code="FULL", defaults={"name": "Full rate"})
    VatPostingSetup.objects.get_or_create(
        business_group=home, product_group=full, defaults={"percent": Decimal(percent), "account_id": "2700"}
    )
    account.vat_business_group = home
    account.save()


def by_hand(service: PrepaidService, units: str, entry_type: str = "positive", *, actor, on: D, second=None):
    """An entry by hand, approved by the second person where it is above the threshold."""
    terms = {"amount": Decimal(units)} if service.is_amount else {"quantity": Decimal(units)}
    if not service.is_periodic:
        terms["balancing_account"] = LedgerAccount.objects.get(pk="4095")
        terms["product_group"] = ProductPostingGroup.objects.get(pk="PREPAID")
    asked = request_entry(
        service, EntryTerms(entry_type=entry_type, posted_on=on, reason="Goodwill", **terms), actor=actor
    )
    return approve_entry(asked, actor=second) if second else asked


def a_year(*, actor, second) -> Year:
    """The events, each on its day, from 1 October to 10 November; the night is that of 2 November."""
    builders.make_rate("GBP", "1.2711")
    account, abroad = builders.make_account(), builders.make_account("Quay & Co.", currency="GBP")
    with_vat(account)
    full = VatProductGroup.objects.get(pk="FULL")
    make_product("TOP-UP", prepaid=True, vat_product_group=full)
    work = make_product("WORK", vat_product_group=full)
    budget = make_service(account, actor=actor, valid_until_formula="CY")
    lapsing = make_service(account, actor=actor, valid_until_formula="1M")
    hours = make_service(account, actor=actor, accrual=PERIODIC, type="quantity", unit_of_measure="HOUR")
    pounds = make_service(abroad, actor=actor)
    with at(10, 1):
        sold = top_up(budget, "5000.00", on=D(2026, 10, 1), actor=actor)
        top_up(lapsing, "300.00", on=D(2026, 10, 1), actor=actor)
        top_up(pounds, "250.00", on=D(2026, 10, 1), actor=actor)
        by_hand(hours, "10", actor=actor, on=D(2026, 10, 1))
    with at(10, 15):
        first = use(budget, "1234.56", on=D(2026, 10, 15), actor=actor)
        for _ in range(2):
            use(pounds, "100.00", on=D(2026, 10, 15), actor=actor)
        use(lapsing, "100.00", on=D(2026, 10, 15), actor=actor)
        terms = LineTerms(
            product=work,
            quantity=Decimal(4),
            unit_of_measure="HOUR",
            unit_price=Decimal("90.00"),
            prepaid_service=hours,
        )
        counted = post_document(make_document(account, terms, on=D(2026, 10, 15), actor=actor), actor=actor)
    with at(11, 2):
        list(run_nights(until=D(2026, 11, 2)))
        mixed = use(budget, "3000.00", "999.99", on=D(2026, 11, 2), actor=actor)
    with at(11, 10):
        post_document(create_credit_memo(first, reason="Not done", actor=actor), actor=actor)
        part = {counted.lines.get(kind="item").pk: Decimal("1.5")}
        post_document(create_credit_memo(counted, credit=part, reason="Too many", actor=actor), actor=actor)
        post_document(create_credit_memo(sold, reason="Cancelled", actor=actor), actor=actor)
        by_hand(budget, "150.00", actor=actor, on=D(2026, 11, 10))
        by_hand(budget, "1500.00", actor=actor, on=D(2026, 11, 10), second=second)
        by_hand(budget, "25.00", "negative", actor=actor, on=D(2026, 11, 10))
    return Year(account, abroad, budget, pounds, lapsing, hours, mixed)
