"""A prepaid ledger entry by hand or from a file, from its request to its decision. What it posts: `manual_post.py`.

Up to the thresholds of the setup it is posted at once; above them balances and books stay as they are until somebody else
approves it.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from ledger.dates import ledger_setup
from ledger.models import Currency, LedgerAccount, ProductPostingGroup
from ledger.money import ZERO, to_lcy
from ledger.services.changes import made_by
from ledger.services.rates import rate_on
from pages.refusals import Refused
from prepaid.exceptions import AlreadyDecided, BadEntry, OwnRequest
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService
from prepaid.models.requests import State
from prepaid.services.locks import lock_service, prepaid_setup
from prepaid.services.manual_checks import check_terms, currency_of, validity
from prepaid.services.manual_post import check_enough, post_entry

Type, DocumentType = EntryRequest.Type, PrepaidEntry.DocumentType


@dataclass(frozen=True, kw_only=True)
class EntryTerms:
    """What an entry by hand says. `currency` is that of the first entry of a service whose card names none."""

    entry_type: str
    posted_on: datetime.date
    amount: Decimal = ZERO
    quantity: Decimal = ZERO
    currency: Currency | None = None
    valid_until: datetime.date | None = None
    quantity_only: bool = False
    product_group: ProductPostingGroup | None = None
    balancing_account: LedgerAccount | None = None
    document_no: str = ""
    reason: str = ""


@transaction.atomic
def request_entry(service: PrepaidService, terms: EntryTerms, *, actor) -> EntryRequest:
    """Posts the entry (rule 24), or lets it wait for approval where it is above the threshold of the setup.

    Refused: a closed service (ServiceClosed), another currency (OtherCurrency), what `check_terms` refuses (BadEntry), more
    than is left (NotEnoughLeft), and what the books cannot take (MissingAccount, BlockedCombination, MissingRate,
    BlockedAccount, PostingNotAllowed)."""
    made = f"Create ledger entry: {EntryRequest.Type(terms.entry_type).label}"
    return _request(lock_service(service), terms, document_type=DocumentType.BY_HAND, actor=actor, made=made)


def request_opening(
    service: PrepaidService, terms: EntryTerms, *, actor, made: str = "Import opening balances"
) -> EntryRequest:
    """The same of an entry of an import, under the document type *Opening balance*; `made` signs it. Above the threshold it
    waits as well: a file is no way round the second person. The caller holds the locks of account and service."""
    return _request(service, terms, document_type=DocumentType.OPENING, actor=actor, made=made)


@transaction.atomic
def approve_entry(request: EntryRequest, *, actor, note: str = "") -> EntryRequest:
    """Posts what waits (rule 24), on its own posting date at the rate of that day. Refused: one that is decided
    (AlreadyDecided), by whoever asked for it (OwnRequest), and what `request_entry` refuses by now."""
    request = _lock(request)
    if refusal := refusal_to_approve(request, actor):
        raise refusal
    made_by(actor, f"Approve ledger entry: {request.get_entry_type_display()}", reason=request.reason)
    request.decision_note = note.strip()
    check_terms(request.service, request)
    _carry_out(request, actor=actor, decided_by=actor)
    return request


@transaction.atomic
def decline_entry(request: EntryRequest, *, note: str, actor) -> EntryRequest:
    """Ends the request of somebody else without effect. Refused: AlreadyDecided, OwnRequest, no note (BadEntry)."""
    request = _lock(request)
    if refusal := refusal_to_decline(request, actor):
        raise refusal
    if not note.strip():
        raise BadEntry("Say why it is declined: the note is kept with it.", field="note")
    made_by(actor, "Decline ledger entry", reason=note)
    _decide(request, State.DECLINED, by=actor, note=note)
    return request


@transaction.atomic
def withdraw_entry(request: EntryRequest, *, actor) -> EntryRequest:
    """Ends one's own request without effect. Refused: AlreadyDecided, somebody else's (BadEntry)."""
    request = _lock(request)
    if refusal := refusal_to_withdraw(request, actor):
        raise refusal
    made_by(actor, "Withdraw ledger entry")
    _decide(request, State.WITHDRAWN, by=actor)
    return request


def refusal_to_approve(request: EntryRequest, actor) -> Refused | None:
    """Why this person cannot approve it."""
    if request.state != State.REQUESTED:
        return AlreadyDecided(request)
    return OwnRequest(request) if request.requested_by_id == actor.pk else None


def refusal_to_decline(request: EntryRequest, actor) -> Refused | None:
    """Why this person cannot decline it."""
    if request.state == State.REQUESTED and request.requested_by_id == actor.pk:
        return BadEntry(f"{request}: you asked for it yourself. Withdraw it instead.")
    return refusal_to_approve(request, actor)


def refusal_to_withdraw(request: EntryRequest, actor) -> Refused | None:
    """Why this person cannot withdraw it."""
    if request.state != State.REQUESTED:
        return AlreadyDecided(request)
    own = request.requested_by_id == actor.pk
    return None if own else BadEntry(f"Only {request.requested_by}, who asked for it, withdraws {request}.")


@transaction.atomic
def _request(service: PrepaidService, terms: EntryTerms, *, document_type: str, actor, made: str) -> EntryRequest:
    fixes_currency = service.currency_id is None
    request = _write(service, terms, document_type=document_type)
    request.needs_approval = _above(request)
    made_by(actor, made, reason=request.reason)
    request.requested_by = actor
    request.save(force_insert=True)
    if fixes_currency:  # by the first request, so that what is approved is what was asked for
        service.save(update_fields=["currency"])
    if request.needs_approval:
        check_enough(request)
    else:
        _carry_out(request, actor=actor, decided_by=None)
    return request


def _write(service: PrepaidService, terms: EntryTerms, *, document_type: str) -> EntryRequest:
    """The request as it will be kept: with what the service decides filled in."""
    named = {name: value for name, value in vars(terms).items() if name != "currency"}
    request = EntryRequest(service=service, document_type=document_type, **named)
    request.reason, request.document_no = terms.reason.strip(), terms.document_no.strip()
    service.currency = currency_of(service, terms.currency)
    if service.is_periodic:
        request.quantity_only = True
    check_terms(service, request)
    request.valid_until = validity(service, request)
    return request


def _above(request: EntryRequest) -> bool:
    """Whether it is above the threshold: an amount at the rate of its day, or a quantity."""
    setup, service = prepaid_setup(), request.service
    if not service.is_amount:
        return request.quantity > setup.approve_quantities_above
    lcy, currency = ledger_setup().lcy, service.currency
    assert currency is not None  # chosen before
    amount = to_lcy(request.amount, rate_on(currency, request.posted_on), lcy.decimals)
    return amount > setup.approve_amounts_above


def _carry_out(request: EntryRequest, *, actor, decided_by) -> None:
    post_entry(request, actor=actor)
    _decide(request, State.POSTED, by=decided_by, note=request.decision_note)


def _lock(request: EntryRequest) -> EntryRequest:
    """The request as it is now, locked after its account and its service."""
    service = lock_service(request.service)
    related = ("product_group", "balancing_account", "requested_by")
    locked = EntryRequest.objects.select_related(*related).select_for_update(of=["self"]).get(pk=request.pk)
    locked.service = service
    return locked


def _decide(request: EntryRequest, state: State, *, by, note: str = "") -> None:
    request.state, request.decided_by, request.decided_at = state, by, timezone.now()
    request.decision_note = note.strip()
    request.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
