"""Customer contracts: the catalogue, what was agreed, billed, used and released since, and one that ended early."""

import datetime
from decimal import Decimal
from typing import Any

from config.demo.prepaid import document, invoice
from ledger.reports.groups import last_day, next_month
from opportunities.models import Account, Product
from prepaid.models import CustomerContract, PrepaidService, SalesDocument, ServiceCommitment
from prepaid.services.contracts.billing import bill
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.contracts.contracts import ContractTerms, assign, create_contract
from prepaid.services.contracts.packages import (
    LineOfPackage,
    TemplateTerms,
    add_package_line,
    assign_package,
    create_package,
    create_template,
)
from prepaid.services.contracts.prices import Price, set_price
from prepaid.services.contracts.release import release_deferrals
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.deliver import deliver
from prepaid.services.post_document import post_document
from prepaid.services.services import Card, create_service

HOURS: dict[str, Any] = {"accrual": "periodic", "type": "quantity", "unit_of_measure": "HOUR"}
BUDGET: dict[str, Any] = {"accrual": "periodic", "type": "amount"}
A_YEAR = {"initial_term": "1Y", "extension_term": "1Y"}

# Code: what it is called, what its line says, the products that it is standard with.
PACKAGES: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "HOURS-1M": (
        "Support hours, billed by the month",
        {"base_period": "1M", "rhythm": "1M", "notice_period": "3M", **A_YEAR},
        ("HOURS-M",),
    ),
    "HOURS-1Q": (
        "Support hours by the month, billed by the quarter",
        {"base_period": "1M", "rhythm": "1Q", "notice_period": "1M", **A_YEAR},
        ("HOURS-M-EUR",),
    ),
    "PLAN-1Y": (
        "Support plan, billed by the year",
        {"base_period": "1Y", "rhythm": "1Y", "notice_period": "3M", **A_YEAR},
        ("PLAN-Y", "PLAN-Y-EUR"),
    ),
}

# Account, what the card says, product, quantity, first month (counted back from this one), the customer's own number.
CONTRACTS: dict[str, tuple[str, dict[str, Any], str, str, int, str]] = {
    "meridian": ("meridian", HOURS | {"valid_until_formula": "2M+CM"}, "HOURS-M", "8", 7, "PO 4500-1021"),
    "lindqvist": ("lindqvist", HOURS, "HOURS-M-EUR", "6", 6, "Avtal 118"),
    "alder": ("alder", BUDGET, "PLAN-Y", "1", 4, ""),
    "rhein": ("rhein", BUDGET, "PLAN-Y-EUR", "1", 8, "Bestellung 77-310"),
}

# Contract, day of use (months back, day), product, quantity: once more than there was.
USED = (
    ("meridian", 6, 17, "SUPPORT-H", "5"),
    ("meridian", 5, 12, "SUPPORT-H", "24"),
    ("rhein", 5, 20, "SUPPORT-H-EUR", "7.5"),
    ("meridian", 4, 9, "SUPPORT-H", "5"),
    ("lindqvist", 4, 15, "SUPPORT-H-EUR", "11.5"),
    ("alder", 3, 18, "SUPPORT-H", "6"),
    ("meridian", 2, 10, "SUPPORT-H", "3.25"),
)
BY_HAND = 7  # days: what was due by then is billed by hand; the nights do the rest


def offer(products: dict[str, Product], people: dict[str, Any]) -> None:
    """The catalogue."""
    actor = people["sales"]
    create_template(TemplateTerms(code="SUPPORT", description="Support"), actor=actor)
    for code, (description, terms, sold_with) in PACKAGES.items():
        package = create_package(code, description, actor=actor)
        add_package_line(package, LineOfPackage(terms={"description": description, **terms}), actor=actor)
        for product in sold_with:
            assign_package(products[product], package, actor=actor)


def live(
    accounts: dict[str, Account], products: dict[str, Product], people: dict[str, Any], today: datetime.date
) -> dict[str, CustomerContract]:
    """Before the nights: sold, delivered, and month by month billed, posted, used and released."""
    offer(products, people)
    services, contracts = {}, {}
    for key, (account, card, code, quantity, back, reference) in CONTRACTS.items():
        text = "Support hours by contract" if card["type"] == "quantity" else "Support plan"
        service = create_service(Card(account=accounts[account], description=text, **card), actor=people["sales"])
        starts = month(today, back)
        lines = [(code, quantity, None)]
        ordered = document(SalesDocument.Type.ORDER, service, products, lines, starts, people["sales"])
        deliver(ordered, on=starts, actor=people["delivery"])
        services[key], contracts[key] = service, collect(ordered, text, reference, people["sales"])
    days = {(month(today, back).replace(day=day)): use for use in USED for _, back, day, _, _ in [use]}
    for back in range(max(each[4] for each in CONTRACTS.values()), -1, -1):
        first = month(today, back)
        if first > today - datetime.timedelta(days=BY_HAND):
            break
        bill_month(first, people["finance"])
        for day, (key, _, _, code, quantity) in days.items():
            if day.replace(day=1) == first:
                invoice(services[key], products, [(code, quantity, None)], day, people)
        if last_day(first) <= today - datetime.timedelta(days=BY_HAND):
            release_deferrals(until=last_day(first), actor=people["finance"])
    return contracts


def collect(order: SalesDocument, text: str, reference: str, actor: Any) -> CustomerContract:
    """The commitments that the delivery of an order made, in a contract of their own."""
    terms = ContractTerms(
        account=order.account, currency=order.currency, description=text, external_reference=reference
    )
    made = create_contract(terms, actor=actor)
    commitments = ServiceCommitment.objects.filter(object__delivery_line__delivery__order=order)
    return assign(made, commitments, actor=actor)


def bill_month(first: datetime.date, actor: Any) -> None:
    """What begins by its first day, where anything does."""
    due = ServiceCommitment.objects.due(first)
    if due.exists():
        for each in bill(due, until=first, posted_on=first, actor=actor).invoices:
            post_document(each, actor=actor)


def go_on(
    contracts: dict[str, CustomerContract],
    accounts: dict[str, Account],
    products: dict[str, Product],
    people: dict[str, Any],
    today: datetime.date,
) -> None:
    """After the nights: one contract is cancelled and credited, one gets another price, and an order waits for delivery."""
    cancelled = contracts["rhein"].commitments.get()
    over = month(today, 0) - datetime.timedelta(days=1)
    cancel(
        cancelled, ends_on=over, notice_on=today, reason="The plant is sold, agreed with sales", actor=people["sales"]
    )
    (billed,) = SalesDocument.objects.filter(lines__billed_period__commitment=cancelled)
    memo = create_credit_memo(billed, reason="Cancelled: what was not earned yet", actor=people["finance"])
    post_document(memo, actor=people["finance"])
    dearer = contracts["meridian"].commitments.get()
    price = Price(price=Decimal("62.50"), quantity=Decimal(8))
    set_price(dearer, price, from_on=next_month(today), actor=people["sales"])
    card = Card(account=accounts["cedar"], description="Support hours by contract", **HOURS)
    service: PrepaidService = create_service(card, actor=people["sales"])
    document(SalesDocument.Type.ORDER, service, products, [("HOURS-M", "4", None)], today, people["sales"])


def month(today: datetime.date, back: int) -> datetime.date:
    """The first day of the month so many before this one."""
    months = today.year * 12 + today.month - 1 - back
    return datetime.date(months // 12, months % 12 + 1, 1)
