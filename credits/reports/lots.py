"""How a lot stands on a day, for lists, bars and badges: one word for its state, and what of it is consumed."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from credits.models import Consumption, Purchase

DRAFT, CONFIRMED, PAST, EXPIRED, EXHAUSTED = "draft", "confirmed", "past", "expired", "exhausted"
STATES = {
    DRAFT: "Draft",
    CONFIRMED: "Confirmed",
    PAST: "Past expiry",
    EXPIRED: "Expired",
    EXHAUSTED: "Exhausted",
}
TONES = {DRAFT: "warn", CONFIRMED: "good", PAST: "bad", EXPIRED: "neutral", EXHAUSTED: "neutral"}


def with_state(lots: QuerySet[Purchase], on: datetime.date) -> QuerySet[Purchase]:
    """`state`: draft; confirmed or past expiry with credits left; expired or exhausted with none."""
    spent = Q(credits_available=0)
    state = Case(
        When(draft=True, then=Value(DRAFT)),
        When(spent & Q(credits_expired__gt=0), then=Value(EXPIRED)),
        When(spent, then=Value(EXHAUSTED)),
        When(expires_on__lt=on, then=Value(PAST)),
        default=Value(CONFIRMED),
        output_field=CharField(),
    )
    return lots.annotate(state=state, as_of=Value(on, DateField()))


def with_consumed(lots: QuerySet[Purchase]) -> QuerySet[Purchase]:
    """`consumed`: credits of completed milestones; `allocated`: those of milestones that are still open."""
    done = Consumption.objects.filter(purchase=OuterRef("pk"), milestone__actual_on__isnull=False).order_by()
    sums = done.values("purchase").annotate(credits=Sum("credits")).values("credits")
    return lots.annotate(consumed=Coalesce(Subquery(sums), 0, output_field=BigIntegerField()))


@dataclass(frozen=True)
class Bar:
    """The parts of a lot's bar."""

    consumed: int
    allocated: int
    available: int
    expired: int
    refunded: int


def bar(lot: Any) -> Bar:
    """Of a lot from `with_consumed`."""
    allocated = lot.credits_allocated - lot.consumed
    return Bar(lot.consumed, allocated, lot.credits_available, lot.credits_expired, lot.credits_refunded)


def past_expiry(lot: Purchase, on: datetime.date, grace: int) -> str:
    """Why credits are left after the expiry date, and when they go; nothing for a lot that is usable or spent."""
    if lot.draft or not lot.credits_available or lot.expires_on is None or lot.expires_on >= on:
        return ""
    last = lot.expires_on + datetime.timedelta(days=grace)
    return f"past expiry, in grace to {last:%-d %b %Y}" if on <= last else "past expiry, expires tonight"
