"""Expire Residuals, run and described: what lapses of each inflow, what is posted, what stays and why; and the review."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from ledger.money import ZERO
from ledger.previews.postings import PostingTotals, posting_lines
from ledger.reports.people import named
from ledger.services.posting import recording
from pages import formats
from pages.preview import LONGEST, Change, LeftOut, Link, PostingLine, Preview, rehearse, shortened
from prepaid.models import DissolutionProposal, InflowBalance, PrepaidEntry, PrepaidService
from prepaid.models.requests import State
from prepaid.previews.posted import counted, posted_sum
from prepaid.reports.lapsed import lapsed_entries
from prepaid.services.expire import Expired, expire_due, expire_residuals
from prepaid.services.review import SCOPE, Reviewed, approve_dissolutions, dismiss_dissolution

FEW = 20  # journal entries whose lines a person would read one by one
WAITS = "waits for review"
LATER = "Posted when somebody else approves it. As things stand today:"


def expire_and_describe(services: Sequence[PrepaidService], *, on: datetime.date, actor) -> Preview:
    """Each inflow that lapses, or is proposed for review, and why each other does not; more than a person would read are
    summed by service."""
    before = list(lapsed_entries(services, on))
    waiting = _waiting(before)
    with recording() as entries:
        done = expire_residuals(services, on=on, actor=actor)
    if done.proposed:
        return _proposed([entry for entry in before if entry.pk not in waiting], before, on)
    left = _left(before)
    lapsed = [entry for entry in before if entry.pk not in left]
    postings = _postings(entries)
    preview = Preview(
        changes=_changes([_lapses(entry) for entry in lapsed], lapsed, "lapsed"),
        postings=postings,
        left_out=[_stays(entry, waiting, done) for entry in before if entry.pk in left],
        confirm_label=_label("Expire", len(lapsed), postings),
        made=_made(lapsed),
    )
    return shortened(preview)


def approve_and_describe(proposals: Sequence[DissolutionProposal], *, actor) -> Preview:
    with recording() as entries:
        done = approve_dissolutions(proposals, actor=actor)
    postings = _postings(entries)
    lapsed = [row.inflow for row in done.posted]
    each = [_lapses(row.inflow, f"proposed by {_proposer(row)}") for row in done.posted]
    preview = Preview(
        changes=_changes(each, lapsed, "lapsed"),
        postings=postings,
        left_out=[*_gone(done), *_refused(done)],
        confirm_label=_label("Approve", len(lapsed), postings) if lapsed else "Close without posting",
        made=_made(lapsed),
    )
    return shortened(preview)


def dismiss_and_describe(proposal: DissolutionProposal, *, actor) -> Preview:
    after = dismiss_dissolution(proposal, actor=actor)
    return Preview(
        changes=[Change(_name(proposal.inflow), proposal.get_state_display(), after.get_state_display())],
        left_out=[LeftOut(_left_of(proposal.inflow), "stays unusable, and the next expiry proposes or posts it")],
        confirm_label="Dismiss",
    )


def _proposed(proposed: list[PrepaidEntry], before: list[PrepaidEntry], on: datetime.date) -> Preview:
    """With what their approval would post."""
    inflows = [entry.pk for entry in proposed]

    def would_post() -> list[PostingLine]:
        with recording() as entries:
            expire_due(SCOPE, {"inflows": inflows}, on=on)
        return _postings(entries)

    postings = rehearse(would_post)
    stay = [LeftOut(_name(entry), "waits for review already") for entry in before if entry.pk not in set(inflows)]
    each = [Change(_name(entry), _left_of(entry), WAITS, _until(entry)) for entry in proposed]
    preview = Preview(
        changes=_changes(each, proposed, WAITS),
        postings=postings,
        posted_later=LATER if postings else "",
        left_out=stay,
        confirm_label=f"Propose {formats.counted(len(proposed), 'residuals')} for review",
    )
    return shortened(preview)


def _changes(each: list[Change], entries: Sequence[PrepaidEntry], after: str) -> list[Change]:
    """A row for each residual, or for more than a person would read one for each service."""
    if len(each) <= LONGEST:
        return each
    services: dict[int, list[PrepaidEntry]] = {}
    for entry in entries:
        services.setdefault(entry.service_id, []).append(entry)
    return [_summed(rows, after) for rows in services.values()]


def _summed(entries: list[PrepaidEntry], after: str) -> Change:
    service = entries[0].service
    amount = sum((entry.balance.remaining for entry in entries), ZERO)
    units: Decimal = sum((entry.balance.remaining_quantity for entry in entries), ZERO)
    left, many = f"{counted(service, amount, units)} left", formats.counted(len(entries), "residuals")
    return Change(str(service), left, after, f"{many}, {service.account.name}", service.get_absolute_url())


def _lapses(entry: PrepaidEntry, note: str = "") -> Change:
    said = ", ".join(filter(None, (_until(entry), entry.service.account.name, note)))
    return Change(_name(entry), _left_of(entry), "lapsed", said, entry.get_absolute_url())


def _stays(entry: PrepaidEntry, waiting: set[int], done: Expired) -> LeftOut:
    reasons = " ".join(dict.fromkeys(str(refusal) for _, refusal in done.refusals))
    why = "waits for review" if entry.pk in waiting else reasons
    return LeftOut(f"{_name(entry)}, {_left_of(entry)}", why, entry.get_absolute_url())


def _gone(done: Reviewed) -> list[LeftOut]:
    return [LeftOut(_name(row.inflow), "nothing is left of it, so it is closed without a posting") for row in done.gone]


def _refused(done: Reviewed) -> list[LeftOut]:
    reasons = " ".join(dict.fromkeys(str(refusal) for _, refusal in done.refusals))
    return [LeftOut(_name(row.inflow), reasons, row.inflow.get_absolute_url()) for row in done.stay]


def _postings(entries: Sequence[int]) -> list[PostingLine]:
    """Line by line while a person would read them; otherwise summed by account."""
    if len(entries) <= FEW:
        return posting_lines(entries)
    totals = PostingTotals()
    totals.add(entries)
    return totals.lines()


def _label(verb: str, count: int, postings: Sequence[PostingLine]) -> str:
    posted = posted_sum(postings)
    return f"{verb} {formats.counted(count, 'residuals')}{f', post {posted}' if posted else ''}"


def _left(entries: Sequence[PrepaidEntry]) -> set[int]:
    ids = [entry.pk for entry in entries]
    return set(InflowBalance.objects.left().filter(pk__in=ids).values_list("pk", flat=True))


def _waiting(entries: Sequence[PrepaidEntry]) -> set[int]:
    rows = DissolutionProposal.objects.filter(state=State.REQUESTED, inflow__in=[entry.pk for entry in entries])
    return set(rows.values_list("inflow", flat=True))


def _made(lapsed: Sequence[PrepaidEntry]) -> list[Link]:
    """The cards of the services, the first of them."""
    services = {entry.service_id: entry.service for entry in lapsed}
    return [Link(f"Prepaid service {each}", each.get_absolute_url()) for each in list(services.values())[:FEW]]


def _left_of(entry: PrepaidEntry) -> str:
    """As it was read, before anything lapsed."""
    return f"{counted(entry.service, entry.balance.remaining, entry.balance.remaining_quantity)} left"


def _until(entry: PrepaidEntry) -> str:
    return f"valid until {formats.day(entry.valid_until)}" if entry.valid_until else ""


def _name(entry: PrepaidEntry) -> str:
    return f"{entry} of {entry.service}"


def _proposer(row: DissolutionProposal) -> str:
    return named(row.requested_by) if row.requested_by else "the night"
