"""What services credits put on the page of a journal entry: where the event behind it is taken back."""

from django.urls import reverse

from credits.models import Milestone, Purchase
from credits.services.milestones import refusal_to_reopen
from credits.services.purchases import refusal_to_return_to_draft
from ledger.models import JournalEntry
from pages.elements import Action, reason
from pages.http import Request
from pages.sections import register

STAYS = "Credits that expired stay expired, and so does their breakage."


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("journal-entry.actions", reverse_entry, order=10)


def reverse_entry(request: Request, entry: JournalEntry) -> Action | None:
    """The page that corrects the event, so that the lots follow; nothing for a reversal and for what is reversed, which the
    books say themselves, nor for events of others."""
    if entry.reverses_id is not None or hasattr(entry, "reversed_by"):
        return None
    prefix, _, rest = entry.event_key.partition(":")
    corrected = {"purchase": _by_draft, "milestone": _by_reopening, "credits-expiry": _not_at_all}.get(prefix)
    return corrected(int(rest.split(":")[0])) if corrected else None


def _by_draft(pk: int) -> Action | None:
    if (purchase := Purchase.objects.filter(pk=pk).first()) is None:
        return None
    url = reverse("credits:purchase-draft", args=[pk])
    return Action("Reverse", url, reason(refusal_to_return_to_draft(purchase)), "credits.manage_purchases")


def _by_reopening(pk: int) -> Action | None:
    if (milestone := Milestone.objects.filter(pk=pk).first()) is None:
        return None
    url = reverse("credits:milestone-reopen", args=[pk])
    return Action("Reverse", url, reason(refusal_to_reopen(milestone)), "credits.allocate_credits")


def _not_at_all(pk: int) -> Action:
    return Action("Reverse", "", STAYS, "credits.expire_purchases")
