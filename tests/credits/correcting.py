"""Corrections and estimates, each made by one person and approved by another, and books that must agree after each."""

import datetime
from decimal import Decimal

from config.checks import check_books
from credits.models import BreakageEstimate, Correction, Purchase
from credits.services.allocate import allocate
from credits.services.corrections import approve_correction, request_refund, request_reinstatement
from credits.services.earn import earn_completed
from credits.services.estimates import approve_estimate, propose_estimate
from credits.services.expected_breakage import catch_up
from credits.services.milestones import complete
from ledger.dates import business_date
from ledger.models import ProductPostingGroup
from ledger.reports.roll_forward import roll_forward
from ledger.tie_outs import tie_outs
from tests.builders import make_milestone, make_project, make_user

JANUARY = datetime.date(2026, 1, 1)


def refunded(lot: Purchase, credits: int, kept: str = "0") -> Correction:
    """Asked for by one and approved by another."""
    asked = request_refund(
        lot, credits=credits, kept_percent=Decimal(kept), reason="They leave", actor=make_user("asker")
    )
    return approve_correction(asked, actor=make_user("approver"))


def reinstated(lot: Purchase, expires_on: datetime.date) -> Correction:
    asked = request_reinstatement(lot, new_expires_on=expires_on, reason="Agreed", actor=make_user("asker"))
    return approve_correction(asked, actor=make_user("approver"))


def estimated(percent: str, *, on: datetime.date | None = None, group: str = "CREDITS") -> BreakageEstimate:
    """In force from `on`, or today."""
    proposed = propose_estimate(
        ProductPostingGroup.objects.get(pk=group),
        expected_unused=Decimal(percent),
        effective_on=on or business_date(),
        reason="Three years of history",
        actor=make_user("asker"),
    )
    return approve_estimate(proposed, actor=make_user("approver"))


def caught_up(lot: Purchase, on: datetime.date | None = None) -> None:
    """The night's last step, for the customer of the lot."""
    catch_up(lot.account_id, lot.account_id, on=on or business_date())


def used(lot: Purchase, credits: int):
    """A completed and earned milestone that drew so many credits."""
    milestone = make_milestone(make_project(lot.account, currency=lot.currency_id), credits)
    allocate(milestone, actor=make_user())
    complete(milestone, actor=make_user())
    earn_completed(lot.account_id, lot.account_id, on=business_date())
    return milestone


def agree(on: datetime.date | None = None) -> None:
    """Nothing differs: no check finds anything, each lot ties out against the books, and every month rolls forward without
    an amount that no column explains."""
    on = on or business_date()
    assert [(check.name, check.offenders) for check in check_books() if check.offenders] == []
    assert [row for row in tie_outs(on) if not row.agrees] == []
    rows = roll_forward(JANUARY, on)
    assert [row for row in rows if row.own.changes or row.lcy.changes] == []
