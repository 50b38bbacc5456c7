"""A manual entry from its draft to the books: drafted, submitted, approved by somebody who had no hand in it, posted.

Books: none before `post`, which posts the lines as one entry of kind `manual`. Who had a hand in it (`makers`) stays known
to the database, which refuses an approval by any of them. An approval holds for what was approved: to change anything, the
entry goes back to draft and is submitted and approved anew.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from ledger.dates import business_date
from ledger.exceptions import BadManualEntry, DatedAhead, MakerApproves, ManualEntryState
from ledger.models import JournalEntry, ManualEntry, ManualEntryLine
from ledger.services import posting
from ledger.services.changes import made_by
from ledger.services.manual_lines import (
    ManualLine,
    ManualTerms,
    books_lines,
    check_lines,
    refusal_of_content,
    refusal_of_dimensions,
    stored_lines,
)
from ledger.services.numbers import Series, draw
from pages.refusals import Refused

NUMBERS = Series("MANUAL", "MJ-", "Manual entries")
KIND = "manual"
State = ManualEntry.State


@transaction.atomic
def create_draft(
    terms: ManualTerms, *, lines: Sequence[ManualLine] = (), actor, makers: Sequence[int] = ()
) -> ManualEntry:
    """Makes a draft; it may be incomplete and need not balance yet. `makers` had a hand in what it says, beside `actor`.
    Books: none. Refused: BadManualEntry for an empty description, and what a line refuses."""
    made_by(actor, "Draft manual entry", reason=terms.reason)
    entry = ManualEntry(created_by=actor, makers=list(makers))
    _write(entry, terms, lines, actor)
    return entry


@transaction.atomic
def edit_draft(entry: ManualEntry, terms: ManualTerms, *, lines: Sequence[ManualLine], actor) -> ManualEntry:
    """Replaces head and lines of a draft; whoever does is one of its makers from then on. Books: none. Refused: anything
    but a draft (ManualEntryState), and what `create_draft` refuses."""
    entry = lock(entry)
    if refusal := refusal_to_edit(entry):
        raise refusal
    made_by(actor, "Edit manual entry", reason=terms.reason)
    _write(entry, terms, lines, actor)
    return entry


@transaction.atomic
def delete_draft(entry: ManualEntry, *, actor) -> None:
    """Deletes a draft with its lines; the change log keeps what it said. Books: none. Refused: ManualEntryState."""
    entry = lock(entry)
    if refusal := refusal_to_edit(entry):
        raise refusal
    made_by(actor, "Delete manual entry")
    entry.delete()


@transaction.atomic
def submit(entry: ManualEntry, *, actor, reason: str) -> ManualEntry:
    """Asks for approval; from now on it stays as it is. Books: none.

    Refused: anything but a draft (ManualEntryState); without a reason, with fewer than two lines, unbalanced, with an
    account that entries by hand may not use, with amounts finer than the currency (BadManualEntry); no rate on its day
    (MissingRate).
    """
    entry = lock(entry)
    if not reason.strip():
        raise BadManualEntry("Say why it is posted by hand; the reason is kept with the entry.", field="reason")
    if refusal := refusal_to_submit(entry):
        raise refusal
    made_by(actor, "Submit manual entry", reason=reason)
    entry.state, entry.reason, entry.sent_back_because = State.SUBMITTED, reason.strip(), ""
    entry.submitted_by, entry.submitted_at = actor, timezone.now()
    _add_maker(entry, actor)
    entry.save()
    return entry


@transaction.atomic
def approve(entry: ManualEntry, *, actor) -> ManualEntry:
    """Lets it be posted. Books: none. Refused: unless it is submitted (ManualEntryState); by one of its makers
    (MakerApproves), which the database refuses as well; what the books would not take any more, as for `submit`."""
    entry = lock(entry)
    if refusal := refusal_to_approve(entry, actor):
        raise refusal
    made_by(actor, "Approve manual entry", reason=entry.reason)
    entry.state, entry.approved_by, entry.approved_at = State.APPROVED, actor, timezone.now()
    entry.save()
    return entry


@transaction.atomic
def send_back(entry: ManualEntry, *, actor, reason: str) -> ManualEntry:
    """Makes it a draft again, with why; an approval is void. Books: none. Refused: no reason (BadManualEntry), and unless
    it is submitted or approved (ManualEntryState)."""
    entry = lock(entry)
    if not reason.strip():
        raise BadManualEntry("Say what has to be changed; whoever drafted it reads this.", field="reason")
    if refusal := refusal_to_send_back(entry):
        raise refusal
    made_by(actor, "Send manual entry back", reason=reason)
    entry.state, entry.sent_back_because = State.DRAFT, reason.strip()
    entry.submitted_by = entry.submitted_at = entry.approved_by = entry.approved_at = None
    entry.save()
    return entry


@transaction.atomic
def post(entry: ManualEntry, *, actor) -> JournalEntry:
    """Gives it its number and posts it, once.

    Books: its lines on its day, or the first open day after it, at the rate of its day. Refused: unless it is approved
    (ManualEntryState); a day after today (DatedAhead); what the books would not take any more, as for `submit`, and what
    `posting.post` refuses. A refused posting takes no number.
    """
    entry = lock(entry)
    if refusal := refusal_to_post(entry):
        raise refusal
    made_by(actor, "Post manual entry", reason=entry.reason)
    posted = posting.post(
        event_key=event_key(entry),
        kind=KIND,
        effective_on=entry.effective_on,
        currency=entry.currency,
        description=entry.description,
        lines=books_lines(entry, stored_lines(entry)),
        actor=actor,
        reason=entry.reason,
    )
    assert posted is not None  # two lines and none of them zero
    entry.state, entry.entry = State.POSTED, posted
    ((entry.sequence, entry.number),) = draw(NUMBERS, 1)
    entry.save()
    return posted


def refusal_to_edit(entry: ManualEntry) -> Refused | None:
    """Why the entry can be neither edited nor deleted."""
    if entry.state == State.POSTED:
        return ManualEntryState(entry, "What is posted stays as it is: reverse it and post it anew.")
    return None if entry.state == State.DRAFT else ManualEntryState(entry, "Send it back to draft to change it.")


def refusal_to_submit(entry: ManualEntry) -> Refused | None:
    """Why the entry cannot be submitted, but for its reason."""
    if entry.state != State.DRAFT:
        return ManualEntryState(entry, "Only a draft is submitted.")
    lines = stored_lines(entry)
    return refusal_of_content(entry, lines) or refusal_of_dimensions(lines)


def refusal_to_approve(entry: ManualEntry, actor) -> Refused | None:
    """Why this person cannot approve the entry."""
    if entry.state != State.SUBMITTED:
        return ManualEntryState(entry, "Only a submitted entry is approved.")
    return MakerApproves(entry) if actor.pk in entry.makers else refusal_of_content(entry, stored_lines(entry))


def refusal_to_send_back(entry: ManualEntry) -> Refused | None:
    """Why the entry cannot become a draft again."""
    if entry.state in (State.SUBMITTED, State.APPROVED):
        return None
    remedy = "It can be edited." if entry.state == State.DRAFT else "Reverse it instead."
    return ManualEntryState(entry, remedy)


def refusal_to_post(entry: ManualEntry) -> Refused | None:
    """Why the entry cannot be posted now."""
    if entry.state != State.APPROVED:
        posted = entry.state == State.POSTED
        return ManualEntryState(entry, f"Its entry is {entry.entry}." if posted else "It has to be approved first.")
    if entry.effective_on > business_date():
        return DatedAhead(entry.effective_on)
    return refusal_of_content(entry, stored_lines(entry))


def event_key(entry: ManualEntry) -> str:
    return f"manual:{entry.pk}"


def lock(entry: ManualEntry) -> ManualEntry:
    """The entry as it is now, and nobody else's until the commit. Refused (ManualEntryState) where it was deleted."""
    found = ManualEntry.objects.select_for_update(of=["self"]).select_related("currency", "entry")
    if (locked := found.filter(pk=entry.pk).first()) is None:
        raise BadManualEntry(f"{entry} was deleted in the meantime. Draft it again if it is still needed.")
    return locked


def _write(entry: ManualEntry, terms: ManualTerms, lines: Sequence[ManualLine], actor) -> None:
    if not terms.description.strip():
        raise BadManualEntry("Say in a few words what the entry is.", field="description")
    check_lines(lines, terms.currency)
    for name, value in vars(terms).items():
        setattr(entry, name, value)
    _add_maker(entry, actor)
    entry.save()
    _write_lines(entry, lines)


def _write_lines(entry: ManualEntry, lines: Sequence[ManualLine]) -> None:
    """Line by line in the place of what stood there, so that the change log holds what differs and nothing else."""
    entry.lines.filter(line_no__gt=len(lines)).delete()
    ManualEntryLine.objects.bulk_create(
        [ManualEntryLine(manual_entry=entry, line_no=place, **vars(line)) for place, line in enumerate(lines, start=1)],
        update_conflicts=True,
        unique_fields=["manual_entry", "line_no"],
        update_fields=list(ManualLine.__dataclass_fields__),
    )


def _add_maker(entry: ManualEntry, actor) -> None:
    if actor.pk not in entry.makers:
        entry.makers = [*entry.makers, actor.pk]
