"""Billing customer contracts: contract invoices for every period that begins by a day and that no invoice bills yet.

Books and balances: none before an invoice is posted. A period is billed once, whoever bills at the same moment: the account
is locked, what is due is read under the lock, and no two billed periods share a day in the database.
"""

import datetime
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch

from ledger.dates import business_date
from ledger.money import EXACT, ZERO
from ledger.services.changes import made_by
from opportunities.services.locks import lock_account
from pages import formats
from pages.refusals import Refused
from prepaid.due import Rhythm, due_periods
from prepaid.exceptions import NotBillable, NothingDue, NotPostable
from prepaid.models import (
    BilledPeriod,
    BillingRun,
    CommitmentPrice,
    CustomerContract,
    SalesDocument,
    SalesLine,
    ServiceCommitment,
)
from prepaid.models.contracts import ServiceCommitmentQuerySet
from prepaid.models.fields import QUANTITY_DECIMALS, QUANTITY_LIMIT
from prepaid.periods import BadTerm, Period, Term, price_of
from prepaid.services.documents import A_YEAR
from prepaid.services.numbers import document_number
from prepaid.services.post_document import post_document
from prepaid.services.pricing import price as price_lines

RELATED = (
    "object__product__vat_product_group",
    "object__account__business_group",
    "invoicing_item",
    "currency",
    "prepaid_service",
    "contract__account",
    "contract__bill_to__business_group",
    "contract__currency",
)
FEW = 5  # invoices that a sentence names
HUNDRED = Decimal(100)
MOST_PERIODS = 1000  # of one commitment at once: days by the year for years on end are a slip of the pen
PRICE_LIMIT = Decimal(10) ** 18  # as wide as a price is


@dataclass(frozen=True)
class Due:
    """One line to be: a period of a commitment, what one of it costs, what it comes to, net, and what it tops up of a
    quantity."""

    commitment: ServiceCommitment
    period: Period
    price: CommitmentPrice
    unit_price: Decimal
    net: Decimal
    top_up_quantity: Decimal

    @property
    def contract(self) -> CustomerContract:
        assert self.commitment.contract is not None  # only what a contract bills is due
        return self.commitment.contract


@dataclass
class Proposal:
    """What is to be billed, and which commitments cannot be, with the reason."""

    due: list[Due] = field(default_factory=list)
    refusals: list[tuple[ServiceCommitment, Refused]] = field(default_factory=list)


@dataclass
class Billed:
    """What a billing made: its run, where there was anything to bill; and what could not be billed."""

    run: BillingRun | None = None
    invoices: list[SalesDocument] = field(default_factory=list)
    refusals: list[tuple[ServiceCommitment, Refused]] = field(default_factory=list)


@dataclass
class PostedRun:
    """What posting a run did: the posted invoices, and the ones that stay as they were, with the reason."""

    posted: list[SalesDocument] = field(default_factory=list)
    refusals: list[tuple[SalesDocument, Refused]] = field(default_factory=list)


def propose(commitments: ServiceCommitmentQuerySet, until: datetime.date) -> Proposal:
    """What of these commitments is to be billed up to the day: three queries, however many there are. Nothing is locked."""
    kept = BilledPeriod.objects.filter(kept_until__gte=F("starts_on"))
    found = commitments.due(until).select_related(*RELATED).order_by("contract__number", "id")
    proposal = Proposal()
    for commitment in found.prefetch_related("prices", Prefetch("billed_periods", kept)):
        try:
            proposal.due += _due(commitment, until)
        except Refused as refusal:
            proposal.refusals.append((commitment, refusal))
    return proposal


def _due(commitment: ServiceCommitment, until: datetime.date) -> list[Due]:
    """Refused (NotBillable): no price from the first day on, a prepaid service that takes no entry, periods that leave the
    calendar or are too many, an amount or a quantity that has no room."""
    service = commitment.prepaid_service
    if service is not None and service.closed:
        raise NotBillable(f"{commitment}: prepaid service {service} is closed. Open it again, or choose another one.")
    prices = list(commitment.prices.all())
    billed = [Period(each.starts_on, each.kept_until) for each in commitment.billed_periods.all()]
    try:
        rhythm = Rhythm(Term.parse(commitment.rhythm), commitment.anchor_on, commitment.starts_on, commitment.ends_on)
        periods = due_periods(rhythm, billed, [price.from_on for price in prices], until, at_most=MOST_PERIODS + 1)
        if len(periods) > MOST_PERIODS:
            raise NotBillable(
                f"{commitment}: more than {MOST_PERIODS:,} periods are to be billed at once. Bill up to an earlier day, "
                "or choose a longer rhythm."
            )
        return [_priced(commitment, period, _price_on(commitment, prices, period.starts_on)) for period in periods]
    except BadTerm as bad:
        raise NotBillable(f"{commitment}: {bad}") from bad


def _price_on(commitment: ServiceCommitment, prices: Sequence[CommitmentPrice], day: datetime.date) -> CommitmentPrice:
    place = bisect_right(prices, day, key=lambda price: price.from_on)
    if not place:
        raise NotBillable(f"{commitment} has no price from {formats.day(day)} on. Enter one first.")
    return prices[place - 1]


def _priced(commitment: ServiceCommitment, period: Period, price: CommitmentPrice) -> Due:
    base = Term.parse(commitment.base_period)
    days = (commitment.anchor_on, base, Term.parse(commitment.rhythm), period.starts_on, period.ends_on)
    units = EXACT.multiply(price.quantity, price.quantity_per_period)
    service = commitment.prepaid_service
    counted = service is not None and not service.is_amount
    decimals = commitment.currency.decimals
    unit_price = price_of(price.price, *days, decimals=decimals)
    top_up = price_of(units, *days, decimals=QUANTITY_DECIMALS) if counted else ZERO
    if unit_price >= PRICE_LIMIT or top_up >= QUANTITY_LIMIT:
        raise NotBillable(
            f"{commitment}: what is to be billed from {formats.day(period.starts_on)} to {formats.day(period.ends_on)} is "
            "too much for one line. Choose a shorter rhythm, or set another price."
        )
    return Due(commitment, period, price, unit_price, price_of(_amount(price), *days, decimals=decimals), top_up)


def _amount(price: CommitmentPrice) -> Decimal:
    """For one base period, unrounded."""
    kept = EXACT.divide(EXACT.subtract(HUNDRED, price.discount_percent), HUNDRED)
    return EXACT.multiply(EXACT.multiply(price.quantity, price.price), kept)


@transaction.atomic
def bill(
    commitments: ServiceCommitmentQuerySet,
    *,
    until: datetime.date | None = None,
    posted_on: datetime.date | None = None,
    by_account: bool = False,
    by_night: bool = False,
    post: bool = False,
    actor,
) -> Billed:
    """Makes contract invoices of all that is due up to the day (today), one per contract, or one per customer, payer and
    currency `by_account`; with `post`, posts them. What cannot be billed or posted is not made, named in `refusals`, due
    again the next time, and keeps nothing else.

    Refused: nothing is due (NothingDue), or all of it is refused: then as the first; a day further than a year away
    (NotBillable). By night nothing is."""
    until = until or business_date()
    for day, name in ((until, "until"), (posted_on, "posted_on")):
        if refusal := refusal_of_day(day, name):
            raise refusal
    accounts = sorted(set(commitments.due(until).values_list("object__account", flat=True)))
    for account in accounts:
        lock_account(account)
    # Of no other account: what came since is due the next time.
    commitments = commitments.filter(object__account__in=accounts)
    list(commitments.due(until).order_by("id").select_for_update(of=["self"]).values_list("id"))
    proposal = propose(commitments, until)
    billed = _make(proposal, until, posted_on, by_account, by_night, post, actor)
    if billed.run is None and not by_night:
        raise (
            billed.refusals[0][1]
            if billed.refusals
            else NothingDue(
                f"Nothing is to be billed up to {formats.day(until)}: no period of an open contract begins by then "
                "that is not billed already."
            )
        )
    return billed


def _make(
    proposal: Proposal,
    until: datetime.date,
    posted_on: datetime.date | None,
    by_account: bool,
    by_night: bool,
    post: bool,
    actor,
) -> Billed:
    """The invoices of a proposal, each for itself; no run where none was made."""
    billed = Billed(refusals=proposal.refusals)
    made_by(actor, "Bill contracts")
    with transaction.atomic():
        run = BillingRun.objects.create(
            billed_until=until,
            posted_on=posted_on or min(until, business_date()),
            by_night=by_night,
            created_by=actor,
        )
        for group in _groups(proposal.due, by_account):
            try:
                with transaction.atomic():
                    invoice = _invoice(run, group)
                    billed.invoices.append(post_document(invoice, actor=actor) if post else invoice)
            except Refused as refusal:
                billed.refusals.append((group[0].commitment, refusal))
        if billed.invoices:
            billed.run = run
        else:
            transaction.set_rollback(True)
    return billed


def refusal_of_day(day: datetime.date | None, field: str) -> Refused | None:
    """Why nothing is billed up to the day, or posted on it."""
    last = business_date() + A_YEAR
    if day is None or day <= last:
        return None
    return NotBillable(f"{formats.day(day)}: enter a day up to {formats.day(last)}, a year ahead.", field=field)


@transaction.atomic
def post_run(run: BillingRun, *, actor) -> PostedRun:
    """Posts what of the run is not posted, each invoice for itself: one that cannot be posted stays as it is, named in
    `refusals`. Books and balances: those of `post_document`. Refused: `refusal_to_post_run` (NotPostable); all of them are
    refused: then as the first."""
    _lock_accounts(run)
    if refusal := refusal_to_post_run(run):
        raise refusal
    done = PostedRun()
    for invoice in run.invoices.unposted().order_by("id"):
        try:
            with transaction.atomic():
                done.posted.append(post_document(invoice, actor=actor))
        except Refused as refusal:
            done.refusals.append((invoice, refusal))
    if not done.posted:
        raise done.refusals[0][1]
    return done


def refusal_to_post_run(run: BillingRun) -> Refused | None:
    """Why nothing of the run can be posted."""
    if run.invoices.unposted().exists():
        return None
    return NotPostable(f"Every invoice of {run} is posted." if run.invoices.exists() else _undone(run))


@transaction.atomic
def undo_billing(run: BillingRun, *, actor) -> int:
    """Deletes what the run made and nobody has touched, and gives how many; their periods can be billed again. Refused
    (NotBillable): `refusal_to_undo`."""
    _lock_accounts(run)
    if refusal := refusal_to_undo(run):
        raise refusal
    made_by(actor, "Undo billing")
    list(run.invoices.unposted().order_by("id").select_for_update(of=["self"]).values_list("id"))
    drafts = [draft for draft, why in drafts_of(run) if not why]
    for draft in drafts:
        draft.delete()
    return len(drafts)


def refusal_to_undo(run: BillingRun) -> Refused | None:
    """Why nothing of the run can be taken back."""
    drafts = drafts_of(run)
    if any(not why for _, why in drafts):
        return None
    if drafts:
        return NotBillable("; ".join(f"Invoice {draft} stays: {why}" for draft, why in drafts[:FEW]) + ".")
    posted = f"Every invoice of {run} is posted. Correct them with credit memos."
    return NotBillable(posted if run.invoices.exists() else _undone(run))


def drafts_of(run: BillingRun) -> list[tuple[SalesDocument, str]]:
    """What of the run is not posted, and why it is not deleted with it, if somebody has worked on it."""
    added = SalesLine.objects.filter(document=OuterRef("pk"), billed_period=None)
    found = run.invoices.unposted().annotate(added_to=Exists(added)).select_related("account").order_by("id")
    return [(draft, _why_kept(draft)) for draft in found]


def _why_kept(draft) -> str:
    if draft.state == SalesDocument.State.RELEASED:
        return "it is released. Reopen it first"
    return "lines were added to it. Delete them, or the invoice itself" if draft.added_to else ""


def _undone(run: BillingRun) -> str:
    return f"{run} has no invoice any more: it was undone. Bill the contracts again."


def _lock_accounts(run: BillingRun) -> None:
    for account in sorted(set(run.invoices.values_list("account", flat=True))):
        lock_account(account)


def _groups(due: Iterable[Due], by_account: bool) -> list[list[Due]]:
    groups: dict[tuple, list[Due]] = {}
    for each in due:
        contract = each.contract
        key = (contract.account_id, contract.bill_to_id, contract.currency_id) if by_account else (contract.pk,)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _invoice(run: BillingRun, group: list[Due]) -> SalesDocument:
    contracts = list(dict.fromkeys(each.contract for each in group))
    first = contracts[0]
    document = SalesDocument.objects.create(
        type=SalesDocument.Type.INVOICE,
        number=document_number(SalesDocument.Type.INVOICE),
        account=first.account,
        bill_to=first.bill_to,
        currency=first.currency,
        document_on=run.posted_on,
        posted_on=run.posted_on,
        external_reference=first.external_reference if len(contracts) == 1 else "",
        text=", ".join(map(str, contracts))[:500],
        billing_run=run,
        created_by=run.created_by,
    )
    lines = [_line(document, line_no, each) for line_no, each in enumerate(group, start=1)]
    price_lines(document, lines)
    SalesLine.objects.bulk_create(lines)
    BilledPeriod.objects.bulk_create(
        BilledPeriod(
            commitment=each.commitment,
            line=line,
            starts_on=each.period.starts_on,
            ends_on=each.period.ends_on,
            kept_until=each.period.ends_on,
            top_up_quantity=each.top_up_quantity,
        )
        for line, each in zip(lines, group, strict=True)
    )
    return document


def _line(document: SalesDocument, line_no: int, due: Due) -> SalesLine:
    commitment, period = due.commitment, due.period
    product = commitment.product
    days = f"{formats.day(period.starts_on)} – {formats.day(period.ends_on)}"
    return SalesLine(
        document=document,
        line_no=line_no,
        role=SalesLine.Role.CONTRACT,
        product=product,
        description=f"{commitment.description[: 248 - len(days)]}, {days}",
        quantity=due.price.quantity,
        unit_of_measure=commitment.object.unit_of_measure,
        unit_price=due.unit_price,
        discount_percent=due.price.discount_percent,
        net=due.net,
        product_group_id=product.product_group_id,
        prepaid_service=commitment.prepaid_service,
    )
