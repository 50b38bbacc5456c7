"""What a file of prepaid services or opening balances would make, told in a preview."""

from collections.abc import Sequence

from ledger.dates import business_date
from ledger.previews.postings import PostingTotals
from ledger.reports.people import who_may
from ledger.services.posting import recording
from pages import formats
from pages.preview import Change, LeftOut, Link, Preview, rehearse, shortened
from pages.refusals import Refused
from prepaid.models import EntryRequest
from prepaid.previews.entries import APPROVE, NOBODY
from prepaid.previews.posted import counted, posted_sum
from prepaid.services.import_balances import ImportedBalance, ImportedBalances
from prepaid.services.import_services import ImportedService, ImportedServices
from prepaid.services.manual_post import post_entry

UNCHANGED = "Finish without a change"


def services_described(imported: ImportedServices, made: Sequence[Link] = ()) -> Preview:
    changes = [_card(each) for each in imported.new]
    kept = [LeftOut(each.number, f"is stored already with the same card (line {each.line:,})")
            for each in imported.unchanged]  # fmt: skip
    label = f"Import {formats.counted(len(changes), 'prepaid services')}" if changes else UNCHANGED
    return shortened(Preview(changes=changes, left_out=kept, confirm_label=label, made=made))


def balances_described(imported: ImportedBalances, entries: list[int], made: Sequence[Link] = (), *, actor) -> Preview:
    totals = PostingTotals()
    totals.add(entries)
    postings = totals.lines()
    kept = [LeftOut(_label(each), f"{_stands(each)} (line {each.line:,})") for each in imported.unchanged]
    label = f"Import {formats.counted(len(imported.new), 'opening balances')}" if imported.new else UNCHANGED
    if imported.waiting:
        label = f"{label}, ask for approval of {formats.number(len(imported.waiting))}"
    money = posted_sum(postings)
    return shortened(
        Preview(
            changes=[_balance(each) for each in imported.new],
            postings=postings,
            left_out=kept,
            warnings=_warnings(imported, actor),
            confirm_label=f"{label}, post {money}" if money else label,
            made=made,
        )
    )


def _card(each: ImportedService) -> Change:
    card = each.card
    kind = f"{each.kind}{', closed' if each.said.get('closed') else ''}"
    said = [card.account.name, card.description, kind]
    return Change(each.number, "", "new", note=f"{', '.join(filter(None, said))} (line {each.line:,})")


def _balance(each: ImportedBalance) -> Change:
    request: EntryRequest = each.request  # type: ignore[assignment]  # what is new was made
    until = f"valid until {formats.day(request.valid_until)}" if request.valid_until else "valid without end"
    books = ", nothing is posted to the books" if request.quantity_only else ""
    fixed = f", fixes its currency as {request.service.currency_id}" if each.fixes_currency else ""
    note = f"on {formats.day(request.posted_on)}, {until}{fixed}{books} (line {each.line:,})"
    units = counted(request.service, request.amount, request.quantity)
    after = f"{units}, waits for approval" if each.waits else units
    return Change(_label(each), "", after, note=note)


def _stands(each: ImportedBalance) -> str:
    return "waits for approval already" if each.waits else "was posted before"


def _label(each: ImportedBalance) -> str:
    return f"{each.service.number}, {each.said['document_no']}"


def _warnings(imported: ImportedBalances, actor) -> list[str]:
    today, warnings = business_date(), []
    made = [each.request for each in imported.new if each.request and not each.waits]
    if lapsed := sum(1 for request in made if request.valid_until and request.valid_until < today):
        counted_ = formats.counted(lapsed, "opening balances")
        warnings.append(f"{counted_} were valid until a day that has passed: they lapse next night.")
    if waiting := len(imported.waiting):
        counted_ = formats.counted(waiting, "opening balances")
        above = (
            f"{counted_} above the thresholds of the setup: nothing of them is posted until somebody else approves it."
        )
        warnings.append(above if who_may(APPROVE).exclude(pk=actor.pk).exists() else f"{above} {NOBODY}")
        warnings += [said for each in imported.waiting if (said := _not_yet(each, actor))]
    return warnings


def _not_yet(each: ImportedBalance, actor) -> str:
    """Why the books could not take what waits, as things stand: it is posted and taken back."""
    request: EntryRequest = each.request  # type: ignore[assignment]  # what waits was made
    try:
        with recording():
            rehearse(lambda: post_entry(request, actor=actor))
    except Refused as refused:
        return f"{_label(each)}: as things stand it cannot be approved. {refused}"
    return ""
