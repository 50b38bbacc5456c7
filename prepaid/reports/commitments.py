"""Service commitments as they are read: what they cost, how long they run, what is billed of them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from ledger.fields import AmountField
from ledger.money import ZERO, round_to
from pages import formats
from prepaid.models import (
    BilledPeriod,
    CommitmentPrice,
    CommitmentTerms,
    CreditScope,
    CustomerContract,
    SalesDocument,
    ServiceCommitment,
)
from prepaid.periods import DAY, Term
from prepaid.services.contracts.agreed import agreed
from prepaid.services.contracts.credit import Waiting, waiting_of, why_not
from prepaid.services.credit_left import inflows_of

RELATED = ("object__account", "object__product", "currency", "contract", "prepaid_service", "package", "invoicing_item")


def with_price(commitments: QuerySet, on: datetime.date) -> QuerySet:
    """Each with `per_period`: what one base period of it costs on the day, or at first where it has not begun."""
    prices = CommitmentPrice.objects.filter(commitment=OuterRef("pk"))
    exact = F("price") * F("quantity") * (Value(Decimal(100)) - F("discount_percent")) / Value(Decimal(100))
    amount = prices.annotate(costs=exact).values("costs")
    now, first = amount.filter(from_on__lte=on).order_by("-from_on")[:1], amount.order_by("from_on")[:1]
    return commitments.annotate(
        per_period=Coalesce(
            Subquery(now, output_field=AmountField()), Subquery(first, output_field=AmountField()), Value(ZERO)
        )
    )


def per_period(price: CommitmentPrice, decimals: int) -> Decimal:
    """What a whole base period costs at that price."""
    return round_to(price.quantity * price.price * (100 - price.discount_percent) / 100, decimals)


def told_price(price: CommitmentPrice, commitment: ServiceCommitment) -> str:
    """USD 1,000.00 for each 1M"""
    amount = per_period(price, commitment.currency.decimals)
    return f"{formats.money(amount, commitment.currency)} for each {commitment.base_period}"


def told_terms(commitment: ServiceCommitment) -> str:
    """From when it runs and what it tops up."""
    said = [f"from {formats.day(commitment.starts_on)}"]
    if commitment.ends_on:
        said.append(f"until {formats.day(commitment.ends_on)}")
    if not commitment.is_billed_by_contract:
        said.append(f"{commitment.get_partner_display().lower()}, via {commitment.get_invoicing_via_display().lower()}")
    if commitment.prepaid_service is not None:
        said.append(f"tops up {commitment.prepaid_service}")
    return ", ".join(said)


@dataclass(frozen=True)
class Running:
    """Until when a commitment runs as things stand, and the last day on which it can be cancelled for that."""

    until: datetime.date | None
    last_notice: datetime.date | None = None


def running(commitment: ServiceCommitment, on: datetime.date) -> Running:
    """One that has its end runs until then; one that is extended until the end of the term that holds the day."""
    terms = agreed(commitment)
    if commitment.ends_on is not None:
        return Running(commitment.ends_on)
    end = terms.runs_until(commitment.starts_on, max(on, commitment.starts_on))
    return Running(end, terms.last_notice(end) if end else None)


@dataclass(frozen=True)
class ToCredit:
    """An invoice that bills days after an end, and which. Posted, a credit memo of what is not released takes back `amount`
    and the days from `from_on` on; None, where all of it is released; `why_not`: what keeps it from that."""

    document: SalesDocument
    starts_on: datetime.date
    ends_on: datetime.date
    amount: Decimal
    from_on: datetime.date | None
    why_not: str


def to_credit(commitment: ServiceCommitment, end: datetime.date) -> list[ToCredit]:
    """The billed days after the end, period by period."""
    related = ("line__document__currency", "line__prepaid_service")
    billed = commitment.billed_periods.select_related(*related).filter(
        kept_until__gt=end, kept_until__gte=F("starts_on")
    )
    found = list(billed.order_by("starts_on"))
    lines = [each.line for each in found]
    waiting = waiting_of(lines, inflows_of(lines))
    return [_to_credit(each, end, waiting[each.line.pk]) for each in found]


def _to_credit(billed: BilledPeriod, end: datetime.date, waiting: Waiting) -> ToCredit:
    scope = CreditScope.FUTURE
    first = billed if waiting.is_whole(scope) else next(iter(waiting.open), None)
    return ToCredit(
        billed.line.document,
        max(end + DAY, billed.starts_on),
        billed.kept_until,
        waiting.amount(scope),
        first.starts_on if first else None,
        why_not(billed.line, waiting, scope),
    )


@dataclass(frozen=True)
class PerPeriod:
    """What a contract bills for each base period of that length."""

    base_period: str
    amount: Decimal
    count: int


def per_base_period(commitments: Iterable[Any]) -> list[PerPeriod]:
    """The sums of commitments `with_price` that are not over, the shortest base period first."""
    sums: dict[str, list[Decimal]] = {}
    for each in commitments:
        if not each.is_over:
            sums.setdefault(each.base_period, []).append(round_to(each.per_period, each.currency.decimals))
    ordered = sorted(sums, key=lambda text: (Term.parse(text).months * 30 + Term.parse(text).days, text))
    return [PerPeriod(text, sum(sums[text], ZERO), len(sums[text])) for text in ordered]


def invoices_of(contract: CustomerContract) -> QuerySet[SalesDocument]:
    """Invoices that bill commitments of it, and the credit memos that correct them, the latest first."""
    of_it = Q(lines__billed_period__commitment__contract=contract)
    keys = SalesDocument.objects.filter(of_it).values("pk")
    found = SalesDocument.objects.filter(Q(pk__in=keys) | Q(corrects__in=keys))
    return (
        found.select_related("account", "bill_to", "currency", "corrects").with_totals().order_by("-posted_on", "-pk")
    )


def told_line(terms: CommitmentTerms) -> str:
    """How it is billed and for how long, in a few words."""
    return f"price for {terms.base_period}, billed each {terms.rhythm}, {told_term(terms)}"


def told_term(terms: CommitmentTerms) -> str:
    """How long it runs."""
    said = [f"at least {terms.initial_term}" if terms.initial_term else "no fixed term"]
    if terms.extension_term:
        said.append(f"then {terms.extension_term} more each time")
    if terms.notice_period:
        said.append(f"notice {terms.notice_period}")
    if terms.start_formula:
        said.append(f"start {terms.start_formula} from delivery")
    return ", ".join(said)
