"""Posting a sales document: once, in one transaction, under a number without gaps. What it does to balances and books:
`invoices.py`, `credit_posting.py`."""

from django.db import transaction
from django.utils import timezone

from ledger.dates import ledger_setup
from ledger.services.changes import made_by
from ledger.services.rates import rate_on
from opportunities.models import Account
from opportunities.services.locks import lock_account
from prepaid.exceptions import NotPostable
from prepaid.models import SalesDocument, SalesLine
from prepaid.services import credit_posting, invoices
from prepaid.services.checks import refusal_to_post
from prepaid.services.locks import lock_balances, lock_services, prepaid_setup
from prepaid.services.numbers import posted_number

State, Type = SalesDocument.State, SalesDocument.Type
RELATED = ("account__business_group", "bill_to__business_group", "currency", "corrects__business_group")


@transaction.atomic
def post_document(document: SalesDocument, *, actor) -> SalesDocument:
    """Posts the invoice or credit memo on its posting date. Again: gives the posted document back.

    Books: rules 20 to 21b and 30 of prepaid services for an invoice, 23, 23b, 33 and 33b for a credit memo. Balances:
    top-ups, usage and what comes back, as prepaid ledger entries. Refused: what `refusal_to_post` says (NotPostable,
    ServiceClosed, OtherCurrency), balance lines for more than is left (NotEnoughLeft), crediting more than is left
    (MoreThanLeftToCredit), and what the books cannot take (MissingAccount, MissingVat, MissingRate, BlockedAccount,
    BlockedCombination, PostingNotAllowed).
    """
    document = lock_document(document)
    if document.is_posted:
        return document
    lines = lines_of(document)
    services = lock_services(line.prepaid_service_id for line in lines if line.prepaid_service_id)
    for line in lines:
        line.prepaid_service = services.get(line.prepaid_service_id) if line.prepaid_service_id else None
    if refusal := refusal_to_post(document, lines):
        raise refusal
    lock_balances(services)
    made_by(actor, f"Post {document.get_type_display().lower()}", reason=document.reason)
    setup, books = prepaid_setup(), ledger_setup()
    _freeze(document, document.account.governing(books, document.bill_to))
    document.sequence, document.posted_number = posted_number(document.type)
    write = invoices.write if document.type == Type.INVOICE else credit_posting.write
    write(document, lines, setup=setup, lcy=books.lcy, actor=actor)
    document.state, document.posted_by, document.posted_at = State.POSTED, actor, timezone.now()
    document.save()
    return document


def _freeze(document: SalesDocument, customer: Account) -> None:
    """The business group and the rate of the posting; a credit memo has those of its invoice."""
    if document.corrects is not None:
        document.business_group = document.corrects.business_group
        document.exchange_rate = document.corrects.exchange_rate
    else:
        document.business_group = customer.business_group
        document.exchange_rate = rate_on(document.currency, document.posted_on)


def lock_document(document: SalesDocument) -> SalesDocument:
    """The document as it is now, locked after its account. Refused (NotPostable): one that was deleted meanwhile."""
    account = _account_now(document)
    lock_account(account)
    found = SalesDocument.objects.select_related(*RELATED).select_for_update(of=["self"]).filter(pk=document.pk).first()
    if found is None:
        raise NotPostable(f"{document} was deleted meanwhile.")
    if found.account_id != account:  # between the two statements: the lock is not that of the balances to be used
        raise NotPostable(f"{document} was changed meanwhile: it is for another account now. Look at it again.")
    return found


def _account_now(document: SalesDocument) -> int:
    """What was read of the document may be of before a change."""
    now = SalesDocument.objects.filter(pk=document.pk).values_list("account_id", flat=True).first()
    return document.account_id if now is None else now


def lines_of(document: SalesDocument) -> list[SalesLine]:
    """The lines in their order, with what posting asks of them."""
    related = (
        "product",
        "product_group",
        "prepaid_service",
        "corrects_line__document__currency",
        "billed_period__commitment__contract",
    )
    return list(document.lines.select_related(*related).order_by("line_no"))
