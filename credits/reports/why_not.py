"""Why not? Which credits are not available for a milestone, of a purchase or of an account, lot by lot, and what would free
them. As the credits stand now; the day that is asked for decides what has started and what is past its expiry."""

import datetime
from collections import Counter
from dataclasses import dataclass
from typing import Any

from credits.models import Milestone, Purchase
from credits.reports.availability import Reason
from credits.reports.lot_parts import LotParts, parts_of
from credits.reports.remedies import Why
from credits.reports.standing import needs_more, standing, takes_nothing
from opportunities.models import Account

ELSEWHERE = tuple(reason for reason in Reason if reason is not Reason.AVAILABLE)


@dataclass(frozen=True)
class MilestoneAnswer:
    """The milestone's own side, and every lot of its account."""

    standing: list[Why]
    lots: list[LotParts]
    totals: dict[Reason, int]


@dataclass(frozen=True)
class Use:
    """A milestone that a purchase could pay for: up to how many credits, or why it does not."""

    milestone: Any
    credits: int
    whys: tuple[Why, ...]


@dataclass(frozen=True)
class PurchaseAnswer:
    """The one lot, and the milestones that it could pay for."""

    lots: list[LotParts]
    totals: dict[Reason, int]
    uses: list[Use]


@dataclass(frozen=True)
class AccountAnswer:
    """Of each currency, by its code: the credits by reason, and the lots with credits that are not available."""

    totals: dict[str, dict[Reason, int]]
    lots: list[LotParts]


def why_not_milestone(milestone: Milestone, on: datetime.date) -> MilestoneAnswer:
    project = milestone.project
    lots = parts_of(Purchase.objects.filter(account=project.account_id), on, project.currency_id, milestone.pk)
    totals = by_reason(lots)
    return MilestoneAnswer(standing(milestone, totals.get(Reason.AVAILABLE, 0)), lots, totals)


def why_not_purchase(purchase: Purchase, on: datetime.date) -> PurchaseAnswer:
    """The milestones of its account that are not completed, those that it could pay for first."""
    lots = parts_of(Purchase.objects.filter(pk=purchase.pk), on)
    open_ones = Milestone.objects.filter(project__account=purchase.account_id, actual_on=None)
    shown = open_ones.select_related("project__account", "project__currency").order_by("target_on", "number")
    uses = [_use(lots[0], milestone) for milestone in shown]
    return PurchaseAnswer(lots, by_reason(lots), sorted(uses, key=lambda use: not use.credits))


def why_not_account(account: Account, on: datetime.date) -> AccountAnswer:
    lots = parts_of(account.purchases.all(), on)
    codes = sorted({each.lot.currency_id for each in lots})
    totals = {code: by_reason([each for each in lots if each.lot.currency_id == code]) for code in codes}
    shown = [each for each in lots if each.only(ELSEWHERE)]
    return AccountAnswer(totals, sorted(shown, key=lambda each: each.lot.currency_id))


def by_reason(lots: list[LotParts]) -> dict[Reason, int]:
    """Credits per reason, in the order of the reasons; those without credits are left out."""
    sums: Counter[Reason] = Counter()
    for each in lots:
        for part in each.parts:
            sums[part.reason] += part.credits
    return {reason: sums[reason] for reason in Reason if sums[reason]}


def _use(parts: LotParts, milestone: Milestone) -> Use:
    whys = tuple(why for why in (_not_from(parts, milestone), takes_nothing(milestone)) if why)
    return Use(milestone, 0 if whys else min(parts.lot.credits_available, needs_more(milestone)), whys)


def _not_from(parts: LotParts, milestone: Milestone) -> Why | None:
    """Why work of the milestone's project cannot be paid from the lot."""
    lot = parts.lot
    if lot.currency_id != milestone.project.currency_id:
        return Why(f"In {milestone.project.currency_id}; the purchase is in {lot.currency_id}")
    if not lot.credits_available:
        return Why(f"Nothing is left of the purchase: {_gone(parts)}")
    return None if lot.reason == Reason.AVAILABLE else parts.parts[0].why


def _gone(parts: LotParts) -> str:
    """4 allocated, 6 expired"""
    return ", ".join(f"{credits:,} {reason}" for reason, credits in by_reason([parts]).items())
