"""Corrections, run and described: asked for, with what their approval would post as things stand; approved, declined,
withdrawn."""

from collections.abc import Callable
from dataclasses import dataclass

from credits.models import Correction, Purchase
from credits.previews.lots import confirm_label, lot_change, now, posted_sum
from credits.services.corrections import approve_correction, decline_correction, withdraw_correction
from ledger.money import ZERO
from ledger.previews.postings import recorded
from ledger.reports.people import who_may
from pages import formats
from pages.preview import Change, Link, PostingLine, Preview, rehearse
from pages.refusals import Refused

APPROVE = "credits.approve_correction"
LATER = "Posted on the day on which somebody else approves it, at the exchange rate of that day. As things stand today:"
NOBODY = "Nobody else may approve corrections: an administrator has to give somebody the permission first."


@dataclass(frozen=True)
class CarriedOut:
    """What an approval did."""

    changes: list[Change]
    postings: list[PostingLine]


def request_and_describe(before: Purchase, request: Callable[[], Correction], *, actor) -> tuple[Correction, Preview]:
    """Runs the request, and rehearses its approval by somebody else who may."""
    correction = request()
    asked = Change(str(correction), "", "waiting for approval", note=correction.reason)
    would, warnings = _would_do(before, correction, actor)
    return correction, Preview(
        changes=[asked, *would.changes],
        postings=would.postings,
        posted_later=LATER,
        warnings=warnings,
        confirm_label=_label("Ask for approval of", would.postings, "it"),
        made=[_link(correction)],
    )


def approve_and_describe(correction: Correction, *, actor) -> Preview:
    done = _carry_out(correction.purchase, correction, actor)
    said = Change("Reason", "", correction.reason, note=f"asked for by {_name(correction.requested_by)}")
    return Preview(
        changes=[*done.changes, said],
        postings=done.postings,
        confirm_label=confirm_label("Approve", done.postings),
        made=[_link(correction), Link(f"Purchase {correction.purchase}", correction.purchase.get_absolute_url())],
    )


def decline_and_describe(correction: Correction, *, note: str, actor) -> Preview:
    after = decline_correction(correction, note=note, actor=actor)
    return Preview(changes=[_step(correction, after)], confirm_label="Decline")


def withdraw_and_describe(correction: Correction, *, actor) -> Preview:
    after = withdraw_correction(correction, actor=actor)
    return Preview(changes=[_step(correction, after)], confirm_label="Withdraw the request")


def _would_do(before: Purchase, correction: Correction, actor) -> tuple[CarriedOut, list[str]]:
    """As things stand; nothing where nobody could approve it, or where the books could not take it."""
    nothing = CarriedOut([], [])
    approver = who_may(APPROVE).exclude(pk=actor.pk).first()
    if approver is None:
        return nothing, [NOBODY]
    try:
        return rehearse(lambda: _carry_out(before, correction, approver)), []
    except Refused as refused:
        return nothing, [f"As things stand it cannot be approved. {refused}"]


def _carry_out(before: Purchase, correction: Correction, actor) -> CarriedOut:
    done, postings = recorded(lambda: approve_correction(correction, actor=actor))
    return CarriedOut([*_of_lot(before, done), *_of_money(done)], postings)


def _of_lot(before: Purchase, correction: Correction) -> list[Change]:
    after = now(before)
    changes = [lot_change(before, after)]
    if before.expires_on != after.expires_on and before.expires_on and after.expires_on:
        changes.append(Change("Expiry date", formats.day(before.expires_on), formats.day(after.expires_on)))
    return changes


def _of_money(correction: Correction) -> list[Change]:
    """Of a refund: what is owed to the customer, and what is not."""
    if correction.kind != Correction.Kind.REFUND:
        return []
    canceled, currency = correction.cancellation, correction.purchase.currency
    kept = f"{formats.money(canceled.kept, currency)} kept, {formats.exact(correction.kept_percent or ZERO)} %"
    return [Change("Owed to the customer", "", formats.money(canceled.refunded, currency), note=kept)]


def _label(verb: str, postings: list[PostingLine], otherwise: str) -> str:
    return f"{verb} {posted_sum(postings) or otherwise}"


def _step(before: Correction, after: Correction) -> Change:
    return Change(str(before), before.get_state_display(), after.get_state_display(), note=after.decision_note)


def _link(correction: Correction) -> Link:
    return Link(str(correction), correction.get_absolute_url())


def _name(person) -> str:
    return str(person.get_full_name() or person.get_username())
