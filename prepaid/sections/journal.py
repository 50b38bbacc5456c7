"""What prepaid services put on the page of a journal entry: where the event behind it is corrected."""

from dataclasses import replace

from django.urls import reverse

from ledger.models import JournalEntry
from pages.elements import Action, reason
from pages.http import Request
from pages.sections import register
from prepaid.actions.billing import actions_of_release_run, release
from prepaid.models import ContractDeferral, EntryRequest, ReleaseRun, SalesDocument
from prepaid.services.credit_memos import refusal_to_credit

LAPSED = "Residuals that expired stay expired, and so does their breakage. Give them back with an entry by hand."
CREDITED = "A credit memo stays. Sell anew what it took back."


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("journal-entry.actions", correct_entry, order=20)


def correct_entry(request: Request, entry: JournalEntry) -> Action | None:
    """The page that corrects the event, so that balances follow; nothing for events of others."""
    prefix, _, rest = entry.event_key.partition(":")
    if prefix == "contract-release":
        return _by_run(*rest.split(":"))
    corrected = {"sales-document": _by_credit_memo, "prepaid-entry": _by_opposite, "prepaid-expiry": _not_at_all}
    return corrected[prefix](int(rest)) if prefix in corrected else None


def _by_credit_memo(pk: int) -> Action | None:
    document = SalesDocument.objects.filter(pk=pk).first()
    if document is None:
        return None
    url = reverse("prepaid:document-credit", args=[pk])
    why = reason(refusal_to_credit(document)) if document.type == SalesDocument.Type.INVOICE else CREDITED
    return Action("Credit memo", url, why, "prepaid.write_documents")


def _by_opposite(pk: int) -> Action | None:
    """An entry by hand is taken back by its opposite."""
    asked = EntryRequest.objects.select_related("service").filter(pk=pk).first()
    if asked is None:
        return None
    url = reverse("prepaid:entry-create", args=[asked.service_id])
    return Action("Create opposite ledger entry", url, permission="prepaid.create_entries")


def _by_run(part: str, run: str, undone: str = "") -> Action | None:
    """A release is taken back with its run; what was taken back is released anew."""
    if undone:
        deferral = ContractDeferral.objects.select_related("contract").filter(lines=int(part)).first()
        return release(deferral.contract) if deferral else None
    found = ReleaseRun.objects.filter(pk=int(run)).first()
    if found is None:
        return None
    (back,) = actions_of_release_run(found)
    return replace(back, label=f"Take back {found}")


def _not_at_all(pk: int) -> Action:
    return Action("Reverse", "", LAPSED, "prepaid.expire_residuals")
