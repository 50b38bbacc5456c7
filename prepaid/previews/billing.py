"""Billing customer contracts, run and described: each period with its days and price, what it tops up, the sums per currency,
and what cannot be billed."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ledger.dates import business_date
from ledger.models import Currency
from ledger.money import ZERO
from ledger.previews.postings import PostingTotals, posting_lines
from ledger.services.posting import first_open_day, recording
from pages import formats
from pages.preview import Change, LeftOut, Link, PostingLine, Preview, shortened
from pages.refusals import Refused
from prepaid.models import BillingRun, SalesDocument, SalesLine, ServiceCommitment
from prepaid.reports.contract_lines import days, told_top_up
from prepaid.services.contracts.billing import bill, drafts_of, post_run, undo_billing
from prepaid.shown import quantity

FEW = 20  # journal entries whose lines a person would read one by one, and links to follow
OF_LINES = (
    "document__currency",
    "product",
    "prepaid_service",
    "billed_period__commitment__object__account",
    "billed_period__commitment__contract",
)


def bill_and_describe(
    commitments, *, until: datetime.date, posted_on: datetime.date, by_account: bool, post: bool, actor
) -> tuple[BillingRun | None, Preview]:
    with recording() as entries:
        billed = bill(commitments, until=until, posted_on=posted_on, by_account=by_account, post=post, actor=actor)
    lines = _lines(billed.invoices)
    postings = _postings(entries)
    preview = Preview(
        changes=[*_sums(lines), *(_line(line) for line in lines)],
        postings=postings,
        left_out=[
            LeftOut(str(commitment), str(refusal), commitment.get_absolute_url())
            for commitment, refusal in billed.refusals
        ],
        warnings=_warnings(posted_on, entries, post, actor),
        confirm_label=_label(billed.invoices, lines, post),
        made=[
            *([Link(f"Billing run {billed.run}", billed.run.get_absolute_url())] if billed.run else []),
            *(Link(f"Invoice {each}", each.get_absolute_url()) for each in billed.invoices[:FEW]),
        ],
    )
    return billed.run, shortened(preview)


def post_run_and_describe(run: BillingRun, *, actor) -> Preview:
    drafts = {each.pk: each for each in run.invoices.unposted()}
    with recording() as entries:
        done = post_run(run, actor=actor)
    found = SalesDocument.objects.filter(pk__in=[each.pk for each in done.posted])
    posted = list(found.select_related("account", "currency").with_totals().order_by("pk"))
    told = _told((each.currency, each.gross) for each in posted)
    return shortened(
        Preview(
            changes=[
                Change(
                    f"Invoice {each.number} of {each.account}",
                    drafts[each.pk].get_state_display(),
                    "Posted",
                    f"{formats.money(each.gross, each.currency)}, posting date {formats.day(each.posted_on)}",
                )
                for each in posted
            ],
            postings=_postings(entries),
            left_out=[
                LeftOut(f"Invoice {each} is not posted", str(refusal), each.get_absolute_url())
                for each, refusal in done.refusals
            ],
            confirm_label=f"Post {formats.counted(len(posted), 'invoices')} of {told}",
            made=[
                Link(f"Billing run {run}", run.get_absolute_url()),
                *(Link(f"Invoice {each}", each.get_absolute_url()) for each in posted[:FEW]),
            ],
        )
    )


def undo_billing_and_describe(run: BillingRun, *, actor) -> Preview:
    why_kept = {draft.pk: why for draft, why in drafts_of(run)}
    drafts = list(run.invoices.unposted().select_related("account", "currency").with_totals().order_by("pk"))
    stay = list(run.invoices.filter(state=SalesDocument.State.POSTED).order_by("pk"))
    count = undo_billing(run, actor=actor)
    return shortened(
        Preview(
            changes=[
                Change(
                    f"Invoice {draft} of {draft.account}",
                    formats.money(draft.gross, draft.currency),
                    "deleted",
                    "its periods can be billed again",
                )
                for draft in drafts
                if not why_kept[draft.pk]
            ],
            left_out=[
                *(
                    LeftOut(f"Invoice {draft} stays", why_kept[draft.pk], draft.get_absolute_url())
                    for draft in drafts
                    if why_kept[draft.pk]
                ),
                *(
                    LeftOut(
                        f"Invoice {each} stays", "it is posted; correct it with a credit memo", each.get_absolute_url()
                    )
                    for each in stay
                ),
            ],
            confirm_label=f"Delete {formats.counted(count, 'invoices')}",
        )
    )


def _lines(invoices: Sequence[SalesDocument]) -> list[SalesLine]:
    found = SalesLine.objects.filter(document__in=invoices, role=SalesLine.Role.CONTRACT).select_related(*OF_LINES)
    return list(found.order_by("document", "line_no"))


def _line(line: SalesLine) -> Change:
    period = line.billed_period
    commitment: ServiceCommitment = period.commitment
    currency = line.document.currency
    costs = f"{quantity(line.quantity, line.unit_of_measure)} × {formats.money(line.unit_price, currency)}"
    if line.discount_percent:
        costs += f" less {formats.exact(line.discount_percent)} %"
    said = (days(period.starts_on, period.ends_on), costs, told_top_up(line))
    contract = commitment.contract
    return Change(
        f"{contract.number if contract else ''} {commitment.object.account.name}, {commitment}",
        "",
        formats.money(line.net, currency),
        "; ".join(filter(None, said)),
        commitment.get_absolute_url(),
    )


def _sums(lines: Sequence[SalesLine]) -> list[Change]:
    """By currency: net, with the VAT and on how many invoices."""
    found: dict[str, list[SalesLine]] = {}
    for line in lines:
        found.setdefault(str(line.document.currency_id), []).append(line)
    return [_sum(found[code]) for code in sorted(found)]


def _sum(lines: Sequence[SalesLine]) -> Change:
    currency = lines[0].document.currency
    net = sum((line.net for line in lines), ZERO)
    vat = sum((line.vat for line in lines), ZERO)
    invoices = len({line.document_id for line in lines})
    note = f"{formats.counted(len(lines), 'lines')} on {formats.counted(invoices, 'invoices')}"
    if vat:
        note += f", and {formats.money(vat, currency)} VAT"
    return Change(f"To be billed in {currency.code}, net", "", formats.money(net, currency), note)


def _warnings(posted_on: datetime.date, entries: Sequence[int], post: bool, actor) -> list[str]:
    """When the invoices can be posted, and where the books take them."""
    if posted_on > business_date():
        return [f"{formats.day(posted_on)} has not come: the invoices can be posted from that day on."]
    try:
        day = first_open_day(posted_on, actor=actor)
    except Refused as refusal:
        return [] if post else [f"The invoices cannot be posted as things stand. {refusal}"]
    if day == posted_on:
        return []
    return [
        f"The books are closed on {formats.day(posted_on)}: what is posted goes to {formats.day(day)} and stays effective "
        f"on {formats.day(posted_on)}."
    ]


def _postings(entries: list[int]) -> list[PostingLine]:
    if len(entries) <= FEW:
        return posting_lines(entries)
    totals = PostingTotals()
    totals.add(entries)
    return totals.lines()


def _label(invoices: Sequence[SalesDocument], lines: Sequence[SalesLine], post: bool) -> str:
    told = _told((line.document.currency, line.net + line.vat) for line in lines)
    verb = "Create and post" if post else "Create"
    return f"{verb} {formats.counted(len(invoices), 'invoices')} of {told}"


def _told(amounts: Iterable[tuple[Currency, Decimal]]) -> str:
    """The sums, by currency."""
    sums: dict[str, Decimal] = {}
    currencies = {}
    for currency, amount in amounts:
        currencies[currency.code] = currency
        sums[currency.code] = sums.get(currency.code, ZERO) + amount
    return ", ".join(formats.money(sums[code], currencies[code]) for code in sorted(sums))
