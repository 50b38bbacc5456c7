"""Entries by hand, run and described: asked for, with what their approval would post as things stand; approved, declined,
withdrawn."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.dates import business_date
from ledger.previews.postings import recorded
from ledger.reports.people import named, who_may
from pages import formats
from pages.preview import Change, LeftOut, Link, PostingLine, Preview, rehearse
from pages.refusals import Refused
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService
from prepaid.models.requests import State
from prepaid.previews.posted import counted, outstanding, posted_sum
from prepaid.reports.waiting import made_of
from prepaid.services.checks import outside_term
from prepaid.services.manual import approve_entry, decline_entry, withdraw_entry

APPROVE = "prepaid.approve_entries"
LATER = "Posted when somebody else approves it, at the exchange rate of its posting date. As things stand today:"
NOBODY = "Nobody else may approve entries: an administrator has to give somebody the permission first."
NO_MONEY = "nothing is posted: no money stands behind it"


@dataclass(frozen=True)
class Done:
    """What an entry did, or would do."""

    changes: list[Change] = field(default_factory=list)
    postings: list[PostingLine] = field(default_factory=list)


def request_and_describe(
    service: PrepaidService, request: Callable[[], EntryRequest], *, actor
) -> tuple[EntryRequest, Preview]:
    """Runs the request. Where it waits, its approval by somebody else who may is rehearsed."""
    before = outstanding(service)
    made, postings = recorded(request)
    if made.state == State.POSTED:
        done, later, warnings = Done(_changes(made, before), postings), "", _warnings(made)
        label = f"Post {posted_sum(postings) or _units(made)}"
    else:
        would, warnings = _would_do(made, before, actor)
        asked = Change(str(made), "", "waiting for approval", note=made.reason)
        done, later = Done([asked, *would.changes], would.postings), LATER
        label = f"Ask for approval of {posted_sum(would.postings) or _units(made)}"
    return made, Preview(
        changes=done.changes,
        postings=done.postings,
        posted_later=later if done.postings else "",
        left_out=_left_out(made),
        warnings=warnings,
        confirm_label=label,
        made=_links(made),
    )


def approve_and_describe(request: EntryRequest, *, actor) -> Preview:
    done = _approve(request, outstanding(request.service), actor)
    said = Change("Reason", "", request.reason, note=f"asked for by {named(request.requested_by)}")
    return Preview(
        changes=[*done.changes, said],
        postings=done.postings,
        left_out=_left_out(request),
        warnings=_warnings(request),
        confirm_label=f"Approve, post {posted_sum(done.postings) or _units(request)}",
        made=_links(request),
    )


def decline_and_describe(request: EntryRequest, *, note: str, actor) -> Preview:
    after = decline_entry(request, note=note, actor=actor)
    return Preview(changes=[_step(request, after)], confirm_label="Decline")


def withdraw_and_describe(request: EntryRequest, *, actor) -> Preview:
    after = withdraw_entry(request, actor=actor)
    return Preview(changes=[_step(request, after)], confirm_label="Withdraw the request")


def _would_do(request: EntryRequest, before: str, actor) -> tuple[Done, list[str]]:
    """As things stand; nothing where nobody could approve it, or where the books could not take it."""
    approver = who_may(APPROVE).exclude(pk=actor.pk).first()
    if approver is None:
        return Done(), [NOBODY]
    try:
        return rehearse(lambda: _approve(request, before, approver)), _warnings(request)
    except Refused as refused:
        return Done(), [f"As things stand it cannot be approved. {refused}"]


def _approve(request: EntryRequest, before: str, actor) -> Done:
    done, postings = recorded(lambda: approve_entry(request, actor=actor))
    return Done(_changes(done, before), postings)


def _changes(request: EntryRequest, before: str) -> list[Change]:
    """The balance of the service, and of each inflow that was made or drawn from."""
    service = request.service
    entry = made_of(request).get()
    own = Change(str(service), f"{before} outstanding", f"{outstanding(service)} outstanding",
                 url=service.get_absolute_url())  # fmt: skip
    return [own, *(_drawn(entry) if request.entry_type == EntryRequest.Type.NEGATIVE else [_received(entry)])]


def _received(entry: PrepaidEntry) -> Change:
    """Its number comes from a sequence and is left to the receipt."""
    until = f"valid until {formats.day(entry.valid_until)}" if entry.valid_until else "valid without end"
    came = counted(entry.service, entry.amount, entry.quantity)
    return Change(entry.get_entry_type_display(), "", came, note=f"{until}, on {formats.day(entry.posted_on)}")


def _drawn(entry: PrepaidEntry) -> list[Change]:
    """In drawing order."""
    service, rows = entry.service, entry.applications.select_related("inflow__balance").order_by("pk")
    changes = []
    for row in rows:
        inflow, left = row.inflow, row.inflow.balance
        before = counted(service, left.remaining + row.amount, left.remaining_quantity + row.quantity)
        until = f"valid until {formats.day(inflow.valid_until)}" if inflow.valid_until else "valid without end"
        after = counted(service, left.remaining, left.remaining_quantity)
        changes.append(Change(str(inflow), f"{before} left", f"{after} left", until, inflow.get_absolute_url()))
    return changes


def _left_out(request: EntryRequest) -> list[LeftOut]:
    return [LeftOut("Books", NO_MONEY)] if request.quantity_only else []


def _warnings(request: EntryRequest) -> list[str]:
    said = []
    if term := outside_term(request.service, request.posted_on):
        said.append(f"{formats.day(request.posted_on)} lies outside the term of {request.service}, {term}.")
    if request.valid_until and request.valid_until < business_date():
        said.append(
            f"It was valid until {formats.day(request.valid_until)}: what is left of it lapses in the next night."
        )
    return said


def _units(request: EntryRequest) -> str:
    return counted(request.service, request.amount, request.quantity)


def _step(before: EntryRequest, after: EntryRequest) -> Change:
    return Change(str(before), before.get_state_display(), after.get_state_display(), note=after.decision_note)


def _links(request: EntryRequest) -> list[Link]:
    service = request.service
    entries = [Link(f"Ledger entry {entry}", entry.get_absolute_url()) for entry in made_of(request)]
    asked = Link(str(request), request.get_absolute_url())
    return [*entries, asked, Link(f"Prepaid service {service.number}", service.get_absolute_url())]
