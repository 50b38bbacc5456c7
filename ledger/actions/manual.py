"""What can be done with a manual entry: every action of its page, and why one cannot be used now."""

from typing import Any

from django.urls import reverse

from ledger.models import ManualEntry
from ledger.services import manual
from ledger.services.reversal import refusal_to_copy, refusal_to_reverse
from pages.elements import Action, reason
from pages.refusals import Refused

WRITE, APPROVE = "ledger.write_manualentry", "ledger.approve_manualentry"
State = ManualEntry.State


def actions_of(entry: ManualEntry, user: Any) -> list[Action]:
    """The next step comes first."""
    return _of_posted(entry) if entry.state == State.POSTED else _of_open(entry, user)


def _of_open(entry: ManualEntry, user: Any) -> list[Action]:
    def action(label: str, name: str, permission: str, refusal: Refused | None, **look: bool) -> Action:
        url = reverse(f"ledger:manual-entry-{name}", args=[entry.pk])
        return Action(label, url, reason(refusal), permission, **look)

    draft, submitted = entry.state == State.DRAFT, entry.state == State.SUBMITTED
    either = APPROVE if user.has_perm(APPROVE) else WRITE  # who may approve may send back, and so may who may draft
    return [
        action("Submit for approval", "submit", WRITE, manual.refusal_to_submit(entry), primary=draft),
        action("Approve", "approve", APPROVE, manual.refusal_to_approve(entry, user), primary=submitted),
        action("Post", "post", WRITE, manual.refusal_to_post(entry), primary=not draft and not submitted),
        action("Edit", "edit", WRITE, manual.refusal_to_edit(entry)),
        action("Send back", "send-back", either, manual.refusal_to_send_back(entry)),
        action("Delete", "delete", WRITE, manual.refusal_to_edit(entry), danger=True),
    ]


def _of_posted(entry: ManualEntry) -> list[Action]:
    undo, again = reason(refusal_to_reverse(entry.entry)), reason(refusal_to_copy(entry))  # type: ignore[arg-type]
    copy = reverse("ledger:manual-entry-copy", args=[entry.pk])
    return [
        Action("Reverse", reverse("ledger:entry-reverse", args=[entry.entry_id]), undo, WRITE),
        Action("Copy to a new draft", copy, again, WRITE, primary=not again),
    ]
