"""A year of a customer contract: its invoices, top-ups, usage, lapses, releases, credit memos and terms in their order, with
the balance of the prepaid service and what is still deferred after each."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from ledger.money import ZERO
from pages import formats
from prepaid.models import (
    CommitmentPrice,
    CustomerContract,
    PrepaidEntry,
    PrepaidService,
    ReleaseRun,
    SalesDocument,
    SalesLine,
    ServiceCommitment,
)

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
Entry = PrepaidEntry.Type

INVOICE, CREDIT, RELEASE, UNDONE = "Invoice", "Credit memo", "Release", "Release taken back"
TOP_UP, BACK, USAGE, GIVEN_BACK, LAPSE, BY_HAND = (
    "Top-up",
    "Top-up taken back",
    "Usage",
    "Usage given back",
    "Expiry",
    "Entry by hand",
)
START, END, CANCELLED, PRICE = "Start", "End of term", "Cancelled", "Price"
KINDS = {
    "sales_invoice": INVOICE,
    "sales_credit_memo": CREDIT,
    "contract_release": RELEASE,
    "contract_release_undone": UNDONE,
}


@dataclass(frozen=True)
class Event:
    """One row. `amount` is what was invoiced, credited or released, net; `units` what came into its service or left it, an
    amount or a quantity, and `balance` what the service had after it. `deferred`: what the contract had after it."""

    day: datetime.date
    what: str
    text: str
    source: Any = None
    amount: Decimal | None = None
    service: PrepaidService | None = None
    units: Decimal = ZERO
    balance: Decimal = ZERO
    deferred: Decimal = ZERO


@dataclass
class Year:
    """`opening` and `closing` are what is still deferred before the first and after the last day; `balances` what each
    service has on either."""

    contract: CustomerContract
    first: datetime.date
    last: datetime.date
    events: list[Event] = field(default_factory=list)
    opening: Decimal = ZERO
    closing: Decimal = ZERO
    balances: list[tuple[PrepaidService, Decimal, Decimal]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.events or self.opening)

    def of(self, *names: str) -> list[Event]:
        return [event for event in self.events if event.what in names]

    def amount(self, *names: str) -> Decimal:
        return sum((event.amount or ZERO for event in self.of(*names)), ZERO)

    def deferred_on(self, day: datetime.date) -> Decimal:
        """At the end of the day."""
        found = [event.deferred for event in self.events if event.day <= day]
        return found[-1] if found else self.opening


def contract_year(contract: CustomerContract, year: datetime.date, commitment: ServiceCommitment | None = None) -> Year:
    """All that happened to the contract, or to one of its commitments, from 1 January to 31 December; dates are those of
    posting. A constant number of queries."""
    asked = Year(contract, year.replace(month=1, day=1), year.replace(month=12, day=31))
    of_books, asked.opening = _of_books(asked, commitment)
    commitments = contract.commitments.filter(**({"pk": commitment.pk} if commitment else {}))
    rows = [
        *(((event.day, 1, order), event) for order, event in of_books),
        *(((event.day, 2, order), event) for order, event in _of_services(asked, commitment)),
        *(((event.day, 0 if event.what in (START, PRICE) else 3, 0), event) for event in _of_terms(asked, commitments)),
    ]
    asked.closing = asked.opening
    for _, event in sorted(rows, key=lambda row: row[0]):
        if event.what in KINDS.values():
            asked.closing = event.deferred
        asked.events.append(Event(**{**vars(event), "deferred": asked.closing}))
    return asked


def _of_books(asked: Year, commitment: ServiceCommitment | None) -> tuple[list[tuple[int, Event]], Decimal]:
    """Documents and releases, each with what is deferred after it, and what was before the first."""
    params: dict[str, Any] = {
        "contract": asked.contract.pk,
        "commitment": commitment and commitment.pk,
        "first": asked.first,
        "last": asked.last,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, params)
        found = cursor.fetchall()
    documents = SalesDocument.objects.in_bulk({row[2] for row in found if row[1] and row[1].startswith("sales")})
    runs = ReleaseRun.objects.in_bulk({row[2] for row in found if row[1] and not row[1].startswith("sales")})
    opening = sum((row[5] for row in found if row[0] is None), ZERO)
    deferred, events = opening, []
    for day, kind, source, entry, count, moved, released in found:
        if day is None:
            continue
        deferred += moved
        what = KINDS[kind]
        behind: Any = documents[source] if kind.startswith("sales") else runs[source]
        amount = moved + released if what in (INVOICE, CREDIT) else released
        text = "" if what in (INVOICE, CREDIT) else formats.counted(count, "parts")
        events.append((entry, Event(day, what, text, behind, amount, deferred=deferred)))
    return events, opening


def _of_services(asked: Year, commitment: ServiceCommitment | None) -> list[tuple[int, Event]]:
    """Every prepaid ledger entry of the services that the contract tops up, or did."""
    of = {"contract": asked.contract} | ({"pk": commitment.pk} if commitment else {})
    commitments = ServiceCommitment.objects.filter(**of)
    billed: dict[str, Any] = {"deferral__contract": asked.contract}
    if commitment:
        billed["deferral__commitment"] = commitment
    services = PrepaidService.objects.filter(
        Q(pk__in=commitments.exclude(prepaid_service=None).values("prepaid_service"))
        | Q(pk__in=SalesLine.objects.filter(**billed, prepaid_service__isnull=False).values("prepaid_service"))
    )
    found = services.select_related("currency").order_by("number").in_bulk()
    before = PrepaidEntry.objects.filter(service__in=found, posted_on__lt=asked.first).order_by()
    balances = dict.fromkeys(found, ZERO)
    for pk, amount, quantity in before.values_list("service").annotate(Sum("amount"), Sum("quantity")):
        balances[pk] = amount if found[pk].is_amount else quantity
    openings = dict(balances)
    events = []
    entries = PrepaidEntry.objects.filter(service__in=found, posted_on__range=(asked.first, asked.last))
    for entry in entries.select_related("document").order_by("posted_on", "pk"):
        service = found[entry.service_id]
        units = entry.amount if service.is_amount else entry.quantity
        balances[service.pk] += units
        event = Event(
            entry.posted_on, _what(entry), service.number, entry, service=service, units=units,
            balance=balances[service.pk],
        )  # fmt: skip
        events.append((entry.pk, event))
    asked.balances = [(found[pk], openings[pk], balances[pk]) for pk in found]
    return events


def _what(entry: PrepaidEntry) -> str:
    if entry.document_type in (PrepaidEntry.DocumentType.BY_HAND, PrepaidEntry.DocumentType.OPENING):
        return BY_HAND
    if entry.entry_type == Entry.POSITIVE:
        return GIVEN_BACK if entry.came_from_id else TOP_UP
    return {Entry.CONSUMPTION: USAGE, Entry.NEGATIVE: BACK, Entry.DISSOLUTION: LAPSE}[Entry(entry.entry_type)]


def _of_terms(asked: Year, commitments: Any) -> Iterable[Event]:
    """Starts, prices from a later day, notices, and ends."""
    days = (asked.first, asked.last)
    found = commitments.select_related("object")
    for each in found.filter(Q(starts_on__range=days) | Q(cancelled_on__range=days) | Q(ends_on__range=days)):
        if asked.first <= each.starts_on <= asked.last:
            yield Event(each.starts_on, START, each.description, each)
        if each.cancelled_on and asked.first <= each.cancelled_on <= asked.last:
            ends = f", ends on {formats.day(each.ends_on)}" if each.ends_on else ""
            yield Event(each.cancelled_on, CANCELLED, f"{each.description}{ends}", each)
        if each.ends_on and asked.first <= each.ends_on <= asked.last:
            yield Event(each.ends_on, END, each.description, each)
    prices = CommitmentPrice.objects.filter(commitment__in=commitments, from_on__range=days)
    for price in prices.select_related("commitment__object", "commitment__currency").order_by("from_on", "pk"):
        if price.from_on > price.commitment.starts_on:
            yield Event(price.from_on, PRICE, _told(price), price.commitment)


def _told(price: CommitmentPrice) -> str:
    """Support: 8 × USD 125.00, less 10 %"""
    one = formats.money(price.price, price.commitment.currency)
    less = f", less {formats.exact(price.discount_percent)} %" if price.discount_percent else ""
    return f"{price.commitment.description}: {formats.exact(price.quantity)} × {one}{less}"
