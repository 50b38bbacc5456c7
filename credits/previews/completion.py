"""Completing and reopening, run and described for the preview panel and the receipt."""

from dataclasses import dataclass, field, replace

from credits.models import Milestone
from credits.services.earn import earn_completed
from credits.services.milestones import complete, reopen
from ledger.dates import business_date
from ledger.previews import posting_lines, recorded
from opportunities.services.locks import lock_account
from pages import formats
from pages.preview import Change, LeftOut, Link, PostingLine, Preview, rehearse


def complete_and_describe(milestone: Milestone, *, actual_on, actor) -> Preview:
    """Completes, and shows the lines that the next night will post for it: nothing reaches the books before."""
    before = _state(milestone)
    completion = complete(milestone, actual_on=actual_on, actor=actor)
    coming = coming_revenue(milestone)
    left_out = [LeftOut("Revenue", reason) for reason in coming.errors]
    if not coming.lines and not left_out:
        left_out = [LeftOut("Revenue", _no_revenue(milestone))]
    return Preview(
        changes=[Change(milestone.number, before, f"Completed on {formats.day(completion.actual_on)}")],
        postings=coming.lines,
        left_out=left_out,
        confirm_label="Complete the milestone",
        posted_later="The next night posts this, together with whatever else it finds." if coming.lines else "",
    )


def reopen_and_describe(milestone: Milestone, *, reason: str, actor) -> Preview:
    """Reopens, and shows the mirror of what was posted."""
    before = _state(milestone)
    completion, postings = recorded(lambda: reopen(milestone, reason=reason, actor=actor))
    why = "no night has posted it yet" if completion.earned_on is None else "none was posted for it"
    return Preview(
        changes=[Change(milestone.number, before, f"Open, {_status(milestone)}")],
        postings=postings,
        left_out=[] if postings else [LeftOut("Revenue", f"{why}, so nothing is taken back.")],
        confirm_label="Reopen the milestone",
        made=[Link("History of completions", f"{milestone.get_absolute_url()}?tab=completions")],
    )


def _state(milestone: Milestone) -> str:
    if milestone.actual_on:
        return f"Completed on {formats.day(milestone.actual_on)}"
    return f"Open, {_status(milestone)}"


def _status(milestone: Milestone) -> str:
    return milestone.get_status_display() if milestone.status else "no status"


def _no_revenue(milestone: Milestone) -> str:
    if milestone.credits_needed is None:
        return "this milestone is not paid by credits."
    return "nothing was paid for its credits, and free credits post nothing."


@dataclass(frozen=True)
class Coming:
    """What the next night posts for a completion, and why it could not."""

    lines: list[PostingLine] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def coming_revenue(milestone: Milestone) -> Coming:
    """The lines that the next night posts for the completion that stands: the night's own step, taken back."""
    return rehearse(lambda: _earn(milestone))


def _earn(milestone: Milestone) -> Coming:
    account = milestone.project.account_id
    lock_account(account)
    earned = earn_completed(account, account, on=business_date())
    completion = milestone.completions.filter(reopened_at=None).first()
    if completion is None or completion.earned_on is None:
        return Coming(errors=[str(refusal) for _, refusal in earned.refusals])
    lines = posting_lines([completion.entry_id] if completion.entry_id else [])
    effective = f"effective {formats.day(completion.actual_on)}"
    return Coming([replace(line, note=f"by the next night, {line.note or effective}") for line in lines])
