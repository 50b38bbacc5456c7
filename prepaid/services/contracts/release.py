"""Releasing contract deferrals (rule 31): each part that is due becomes revenue, once, by hand or by night.

Books: deferral to the revenue account of the line's product posting group, a journal entry for each part, effective on the
day on which it is due, on that day or the first open day after it. A run can be taken back as a whole: the mirror of each
entry, and its parts wait again. What a credit memo has closed meanwhile stays as that left it. Parts of nothing are released
without an entry. Set-based: as many statements for a hundred thousand parts as for one.
"""

import datetime
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ledger.dates import business_date
from ledger.exceptions import BlockedAccount, PostingNotAllowed
from ledger.services.batches import post_set
from ledger.services.changes import made_by
from opportunities.models import Account
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import AlreadyUndone, BadContract, NothingDue
from prepaid.models import DeferralLine, ReleaseRun

# The parts that are `chosen`; `cause` and `detail`: what keeps the books from taking what they move.
FOUND = """
SELECT l.id, found.cause, CASE found.cause WHEN 'day' THEN books.posting_to::text
                                           WHEN 'account' THEN CASE WHEN deferral.blocked THEN deferral.code ELSE
                                           revenue.code END
                          END AS detail
FROM prepaid_deferralline l
JOIN prepaid_contractdeferral d ON d.id = l.deferral_id
JOIN ledger_ledgeraccount deferral ON deferral.code = d.deferral_account_id
JOIN ledger_ledgeraccount revenue ON revenue.code = d.revenue_account_id
LEFT JOIN ledger_ledgersetup books ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN l.amount = 0 AND l.amount_lcy = 0 THEN NULL
                WHEN deferral.blocked OR revenue.blocked THEN 'account'
                WHEN books.posting_to IS NOT NULL
                     AND ledger_first_open_day(l.due_on, %(actor)s::bigint) > books.posting_to THEN 'day' END AS cause
) found ON true
WHERE l.closed_by_id IS NULL AND {chosen}
"""
DUE = "l.run_id IS NULL AND l.due_on <= %(until)s::date AND {scope}"
OF_RUN = "l.run_id = %(run)s"

RELEASE = """
WITH due AS MATERIALIZED ({due}),
locked AS MATERIALIZED (
    SELECT id FROM prepaid_deferralline
    WHERE id IN (SELECT id FROM due WHERE cause IS NULL) AND run_id IS NULL AND closed_by_id IS NULL
    ORDER BY id FOR UPDATE
)
UPDATE prepaid_deferralline l SET run_id = %(run)s FROM locked WHERE l.id = locked.id RETURNING l.id
"""

CAUSES = "SELECT count(*), cause, detail FROM ({found}) d GROUP BY 2, 3 ORDER BY 2, 3"

# The journal lines of these parts: out of the deferral, into revenue; a part below zero the other way round. `sign` is -1
# where the release is taken back.
LINES = """
SELECT 'contract-release:' || l.id || ':' || l.run_id || '{suffix}', '{kind}', l.due_on, d.currency_id,
       c.number || ': ' || to_char(l.starts_on, 'YYYY-MM') || '{about}', side.line_no, side.account_id, d.product_group_id,
       greatest(side.amount, 0), greatest(-side.amount, 0), greatest(side.amount_lcy, 0), greatest(-side.amount_lcy, 0),
       'account:' || d.account_id, 'contract:' || d.id, d.dimensions
FROM prepaid_deferralline l
JOIN prepaid_contractdeferral d ON d.id = l.deferral_id
JOIN prepaid_customercontract c ON c.id = d.contract_id
CROSS JOIN LATERAL (VALUES
    (1, d.deferral_account_id, {sign} * l.amount, {sign} * l.amount_lcy),
    (2, d.revenue_account_id, -({sign}) * l.amount, -({sign}) * l.amount_lcy)
) AS side (line_no, account_id, amount, amount_lcy)
WHERE l.id = ANY(%s) AND (l.amount <> 0 OR l.amount_lcy <> 0)
"""

ACCOUNTS = "d.account_id BETWEEN %(first)s AND %(last)s"
LOCKED = "d.account_id = ANY(%(accounts)s)"


@dataclass
class Released:
    """What a release did: its run, how many parts, the journal entries; and what the books could not take, with the
    reason."""

    run: ReleaseRun | None = None
    parts: int = 0
    entries: list[int] = field(default_factory=list)
    refusals: list[tuple[int, Refused]] = field(default_factory=list)


@transaction.atomic
def release_deferrals(*, until: datetime.date | None = None, contracts: list[int] | None = None, actor) -> Released:
    """Releases by hand what is due up to the day (today), of these contracts or of all.

    Refused: a day that has not come (BadContract); where nothing is due (NothingDue). What the books cannot take is named in
    `refusals`, and refused where it is all there is."""
    until = until or business_date()
    if refusal := refusal_of_day(until):
        raise refusal
    due = DeferralLine.objects.due(until)
    if contracts is not None:
        due = due.filter(deferral__contract__in=contracts)
    locked = lock_accounts_of(due)
    made_by(actor, "Release contract deferrals")
    # Of the locked accounts alone: what another one posts meanwhile, its credit memo could be closing.
    scope, params = LOCKED, {"accounts": locked}
    if contracts is not None:
        scope, params = f"{LOCKED} AND d.contract_id = ANY(%(contracts)s)", {**params, "contracts": contracts}
    done = release_due(scope, params, until=until, actor=actor)
    if not done.parts:
        raise done.refusals[0][1] if done.refusals else NothingDue(f"Nothing is due by {formats.day(until)}.")
    return done


def refusal_of_day(until: datetime.date) -> Refused | None:
    """Why nothing is released up to the day."""
    if until > business_date():
        return BadContract(f"{formats.day(until)} has not come: what is due by then is not earned yet.", field="until")
    return None


def release_due(scope: str, params: dict, *, until: datetime.date, by_night: bool = False, actor=None) -> Released:
    """Releases what is due up to the day of the deferrals `d` that fulfil `scope`, whose accounts the caller has locked. What
    the books cannot take is left as it is and named."""
    params = {**params, "until": until, "actor": actor and actor.pk}
    due = FOUND.format(chosen=DUE.format(scope=scope))
    takes, refusals = _taken_by_the_books(due, params)
    if not takes:
        return Released(refusals=refusals)
    run = _run(until, by_night, actor)
    with connection.cursor() as cursor:
        cursor.execute(RELEASE.format(due=due), {**params, "run": run.pk})
        lines = [pk for (pk,) in cursor.fetchall()]
    entries = _post(lines, kind="contract_release", about=" released", actor=actor)
    return Released(run, len(lines), entries, refusals)


def _taken_by_the_books(found: str, params: dict) -> tuple[bool, list[tuple[int, Refused]]]:
    """Whether the books take anything of it, and what they do not take."""
    with connection.cursor() as cursor:
        cursor.execute(CAUSES.format(found=found), params)
        causes = cursor.fetchall()
    refusals = [(count, _refusal(cause, detail)) for count, cause, detail in causes if cause]
    return len(refusals) < len(causes), refusals


@transaction.atomic
def undo_release(run: ReleaseRun, *, reason: str, actor) -> int:
    """Takes the run back and gives how many parts wait again. Books: the mirror of each of its entries, effective on the same
    day, on that day or the first open day after it. Refused: `refusal_to_undo`; no reason, a night that is still at it
    (BadContract); what the books do not take (BlockedAccount, PostingNotAllowed)."""
    lines = DeferralLine.objects.filter(run=run, closed_by=None)
    locked = lock_accounts_of(lines)
    run = ReleaseRun.objects.select_for_update().get(pk=run.pk)
    if refusal := refusal_to_undo(run):
        raise refusal
    if not reason.strip():
        raise BadContract("Say why the release is taken back: the reason is kept with it.", field="reason")
    # The locked run takes nothing more. What it took since its accounts were locked is of accounts that are not.
    if lines.exclude(deferral__account__in=locked).exists():
        raise BadContract(f"The night still releases into {run}. Take it back once the night is over.")
    _, refusals = _taken_by_the_books(FOUND.format(chosen=OF_RUN), {"run": run.pk, "actor": actor.pk})
    if refusals:
        raise refusals[0][1]
    made_by(actor, "Take release back", reason=reason)
    keys = list(lines.order_by("id").select_for_update(of=["self"]).values_list("pk", flat=True))
    _post(keys, kind="contract_release_undone", about=" taken back", sign=-1, suffix=":undone", actor=actor)
    DeferralLine.objects.filter(pk__in=keys).update(run=None)
    run.undone_by, run.undone_at, run.undone_reason = actor, timezone.now(), reason.strip()
    run.save(update_fields=["undone_by", "undone_at", "undone_reason"])
    return len(keys)


def lock_accounts_of(lines: QuerySet[DeferralLine]) -> list[int]:
    accounts = Account.objects.filter(pk__in=lines.values("deferral__account")).order_by("id")
    return list(accounts.select_for_update(no_key=True).values_list("id", flat=True))


def refusal_to_undo(run: ReleaseRun) -> Refused | None:
    """Why the run stays."""
    if run.undone_at is not None:
        return AlreadyUndone(run)
    if not DeferralLine.objects.filter(run=run, closed_by=None).exists():
        return BadContract(f"Everything that {run} released was taken back by credit memos.")
    return None


def _post(lines: list[int], *, kind: str, about: str, sign: int = 1, suffix: str = "", actor) -> list[int]:
    if not lines:
        return []
    return post_set(LINES.format(kind=kind, about=about, sign=sign, suffix=suffix), [lines], actor=actor)


def _run(until: datetime.date, by_night: bool, actor) -> ReleaseRun:
    """One for each release by hand; one for each night, whose chunks share it."""
    if not by_night:
        return ReleaseRun.objects.create(released_until=until, created_by=actor)
    with connection.cursor() as cursor:
        while True:  # until it is there and stays: somebody could take it back between the two
            cursor.execute(
                "INSERT INTO prepaid_releaserun (released_until, by_night, created_at, undone_reason) VALUES (%s, true,"
                " now(), '') ON CONFLICT (released_until) WHERE by_night AND undone_at IS NULL DO NOTHING",
                [until],
            )
            cursor.execute(
                "SELECT id FROM prepaid_releaserun WHERE released_until = %s AND by_night AND undone_at IS NULL"
                " FOR KEY SHARE",
                [until],
            )
            if row := cursor.fetchone():
                return ReleaseRun.objects.get(pk=row[0])


def _refusal(cause: str, detail: str) -> Refused:
    return PostingNotAllowed(datetime.date.fromisoformat(detail)) if cause == "day" else BlockedAccount(detail)
