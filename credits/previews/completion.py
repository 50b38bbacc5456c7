"""Completing and reopening, run and described for the preview panel and the receipt."""

from dataclasses import dataclass, field

from credits.models import Completion, Milestone
from credits.previews.lots import confirm_label
from credits.reports.coming_revenue import coming_revenue as coming_revenue_of
from credits.reports.revenue import recognised_on_allocation
from credits.services.milestones import complete, reopen
from credits.services.release import ReleaseLine
from ledger.dates import business_date, ledger_setup
from ledger.models import Currency, LedgerAccount
from ledger.previews.postings import recorded
from pages import formats
from pages.preview import Change, LeftOut, Link, PostingLine, Preview


def complete_and_describe(milestone: Milestone, *, actual_on, actor) -> Preview:
    """Completes, and shows what that posts; or, where the next night is to post it, the lines that it will post."""
    before = _state(milestone)
    completion, posted = recorded(lambda: complete(milestone, actual_on=actual_on, actor=actor))
    completion.refresh_from_db()
    coming = coming_revenue(milestone)
    return Preview(
        changes=[Change(milestone.number, before, f"Completed on {formats.day(completion.actual_on)}")],
        postings=posted or coming.lines,
        left_out=_left_out(milestone, completion, coming),
        confirm_label=confirm_label("Complete the milestone", posted),
        posted_later="The next night posts this, together with whatever else it finds." if coming.lines else "",
    )


def reopen_and_describe(milestone: Milestone, *, reason: str, actor) -> Preview:
    """Reopens, and shows the mirror of what was posted."""
    before = _state(milestone)
    completion, postings = recorded(lambda: reopen(milestone, reason=reason, actor=actor))
    return Preview(
        changes=[Change(milestone.number, before, f"Open, {_status(milestone)}")],
        postings=postings,
        left_out=[] if postings else [LeftOut("Revenue", _nothing_back(milestone, completion))],
        confirm_label="Reopen the milestone",
        made=[Link("History of completions", f"{milestone.get_absolute_url()}?tab=completions")],
    )


def _left_out(milestone: Milestone, completion: Completion, coming: "Coming") -> list[LeftOut]:
    """Why completing posts no revenue, now or in the next night."""
    if coming.lines or completion.entry_id:
        return []
    return [LeftOut("Revenue", reason) for reason in coming.errors or [_no_revenue(milestone)]]


def _nothing_back(milestone: Milestone, completion: Completion) -> str:
    if completion.earned_on is None:
        return "no night has posted it yet, so nothing is taken back."
    if recognised_on_allocation(milestone):
        return "it was posted when the credits were allocated, and is taken back with those that are given back."
    return "none was posted for it, so nothing is taken back."


def _state(milestone: Milestone) -> str:
    if milestone.actual_on:
        return f"Completed on {formats.day(milestone.actual_on)}"
    return f"Open, {_status(milestone)}"


def _status(milestone: Milestone) -> str:
    return milestone.get_status_display() if milestone.status else "no status"


def _no_revenue(milestone: Milestone) -> str:
    if milestone.credits_needed is None:
        return "this milestone is not paid by credits."
    if recognised_on_allocation(milestone):
        return "it was posted when its credits were allocated."
    return "nothing was paid for its credits, and free credits post nothing."


@dataclass(frozen=True)
class Coming:
    """What the next night posts for a completion, and why it could not."""

    lines: list[PostingLine] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def coming_revenue(milestone: Milestone) -> Coming:
    """The lines that the next night posts for the completion that stands."""
    coming = coming_revenue_of(milestone, on=business_date())
    accounts = LedgerAccount.objects.in_bulk([line.account for line in coming.lines])
    lcy = ledger_setup().lcy
    lines = [_shown(line, accounts[line.account], milestone.project.currency, lcy) for line in coming.lines]
    return Coming(lines, [str(refusal) for refusal in coming.refusals])


def _shown(line: ReleaseLine, account: LedgerAccount, currency: Currency, lcy: Currency) -> PostingLine:
    return PostingLine(
        account_code=account.code,
        account_name=account.name,
        debit=line.debit,
        credit=line.credit,
        currency=currency.code,
        decimals=currency.decimals,
        debit_lcy=line.debit_lcy,
        credit_lcy=line.credit_lcy,
        lcy=lcy.code,
        lcy_decimals=lcy.decimals,
        note=f"by the next night, effective {formats.day(line.effective_on)}",
    )
