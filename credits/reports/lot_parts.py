"""Lots in parts: where each of their credits is, and why it cannot be drawn. The parts of a lot add up to its number."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Max, Min, QuerySet, Sum
from django.urls import reverse

from credits.models import Consumption, CreditsSetup, Purchase
from credits.reports.availability import Reason, with_reason
from credits.reports.remedies import Asked, Why, why_expired, why_held, why_left, why_refunded


@dataclass(frozen=True)
class Part:
    """Credits of one lot that are in the same place, with why, and the milestone that holds them, where one does."""

    reason: Reason
    credits: int
    why: Why
    milestone: str = ""
    url: str = ""


@dataclass(frozen=True)
class LotParts:
    """A lot with all its parts: what is left first, then what milestones hold, then what is gone."""

    lot: Any
    parts: tuple[Part, ...]

    def only(self, reasons: Collection[Reason]) -> list[Part]:
        return [part for part in self.parts if part.reason in reasons]


class Holder(NamedTuple):
    """A milestone that holds credits of a lot."""

    pk: int
    number: str
    name: str
    completed_on: datetime.date | None
    credits: int

    @property
    def label(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def reason(self) -> Reason:
        return Reason.CONSUMED if self.completed_on else Reason.ALLOCATED


def parts_of(
    lots: QuerySet[Purchase], on: datetime.date, currency: str | None = None, own: int | None = None
) -> list[LotParts]:
    """The lots in drawing order, drafts without dates last. With a `currency` as seen from work in it, and with `own` from
    that milestone. Four queries, whatever the number of lots."""
    shown = with_reason(lots, on, currency).select_related("account", "currency").defer("description")
    held, expired, asked = _held(lots), _expired(lots), Asked(on, CreditsSetup.current(), own)
    return [
        LotParts(lot, tuple(_parts(lot, asked, held[lot.pk], expired.get(lot.pk)))) for lot in shown.in_drawing_order()
    ]


def _parts(lot: Any, asked: Asked, held: list[Holder], expired: Any) -> Iterator[Part]:
    if lot.credits_available:
        yield Part(Reason(lot.reason), lot.credits_available, why_left(lot, asked))
    for each in held:
        url = reverse("credits:milestone", args=[each.pk])
        yield Part(each.reason, each.credits, why_held(lot, each, asked), each.number, url)
    if lot.credits_expired:
        yield Part(Reason.EXPIRED, lot.credits_expired, why_expired(lot, *expired))
    if lot.credits_refunded:
        yield Part(Reason.REFUNDED, lot.credits_refunded, why_refunded(lot))


def _held(lots: QuerySet[Purchase]) -> dict[int, list[Holder]]:
    """What milestones hold of each lot."""
    columns = ("purchase", "milestone", "milestone__number", "milestone__name", "milestone__actual_on")
    rows = Consumption.objects.filter(purchase__in=lots.order_by().values("pk"), milestone__isnull=False)
    sums = rows.order_by().values(*columns).annotate(net=Sum("credits")).filter(net__gt=0)
    held: dict[int, list[Holder]] = defaultdict(list)
    for lot, *holder in sums.order_by("milestone__number").values_list(*columns, "net"):
        held[lot].append(Holder(*holder))
    return held


def _expired(lots: QuerySet[Purchase]) -> dict[int, tuple[datetime.date, datetime.date]]:
    """The first and the last day on which credits of each lot expired."""
    rows = Consumption.objects.filter(
        purchase__in=lots.order_by().values("pk"), consumption_type="expiry", credits__gt=0
    )
    days = rows.order_by().values("purchase").annotate(first=Min("consumed_on"), last=Max("consumed_on"))
    return {pk: (first, last) for pk, first, last in days.values_list("purchase", "first", "last")}
