"""Expire Residuals: what is left of inflows whose valid-until has passed lapses: by hand for services, by night for all.

Each inflow makes one Dissolution. Books (rule 22): deferred revenue to the breakage account of the receipt's product group,
effective on the day after its valid-until, or on the day it came in if that was later. What has no money on a deferral
account (a periodic service, a quantity) posts nothing (rule 32). Where the setup leaves residuals for review, proposals are
made instead; nothing of them was usable from the day after valid-until on.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from ledger.dates import business_date
from ledger.exceptions import BlockedAccount, BlockedCombination, MissingAccount, PostingNotAllowed
from ledger.services.batches import post_set
from ledger.services.changes import made_by
from opportunities.models import Account
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import NothingToExpire
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.services.locks import lock_services, prepaid_setup

# What lapsed by %(on)s, the last day that counts as passed; `cause` and `detail`: what keeps the books from taking it.
DUE = """
SELECT e.id, e.service_id, s.account_id, s.number, e.currency_id, e.business_group_id, e.product_group_id,
       e.deferral_account_id, e.deferral_group_id, b.remaining, b.remaining_lcy, b.remaining_quantity,
       {effective} AS effective_on, 'prepaid-expiry:' || e.id AS event_key, g.breakage_id, found.cause, about.detail
FROM prepaid_inflowbalance b
JOIN prepaid_prepaidentry e ON e.id = b.entry_id
JOIN prepaid_prepaidservice s ON s.id = e.service_id
LEFT JOIN ledger_postingsetup g ON g.business_group_id = e.business_group_id AND g.product_group_id = e.product_group_id
LEFT JOIN ledger_ledgeraccount contra ON contra.code = g.breakage_id
LEFT JOIN ledger_ledgeraccount deferral ON deferral.code = e.deferral_account_id
LEFT JOIN ledger_ledgersetup books ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN e.deferral_account_id IS NULL THEN NULL
                WHEN g.blocked THEN 'combination'
                WHEN g.breakage_id IS NULL THEN 'empty'
                WHEN ledger_first_open_day({effective}, %(actor)s::bigint) > books.posting_to THEN 'day'
                WHEN contra.blocked OR deferral.blocked THEN 'account' END AS cause
) found ON true
LEFT JOIN LATERAL (
    SELECT CASE found.cause WHEN 'empty' THEN 'breakage' WHEN 'day' THEN books.posting_to::text
                            WHEN 'account' THEN CASE WHEN contra.blocked THEN contra.code ELSE deferral.code END END AS detail
) about ON true
WHERE (b.remaining > 0 OR b.remaining_quantity > 0) AND e.valid_until <= %(on)s::date AND NOT s.closed AND {scope}
"""
EFFECTIVE = "greatest(least(e.valid_until + 1, DATE '9999-12-31'), e.posted_on)"

# What lapses is what the locked rows say, which may have changed since `due` was read.
EXPIRE = """
WITH due AS MATERIALIZED (SELECT * FROM ({due}) d WHERE cause IS NULL ORDER BY id),
locked AS MATERIALIZED (
    SELECT b.entry_id, b.remaining, b.remaining_lcy, b.remaining_quantity FROM prepaid_inflowbalance b
    WHERE b.entry_id IN (SELECT id FROM due) AND (b.remaining > 0 OR b.remaining_quantity > 0)
    ORDER BY b.entry_id FOR UPDATE
),
entries AS (
    INSERT INTO prepaid_prepaidentry (service_id, entry_type, posted_on, document_type, document_no, currency_id, amount,
                                      amount_lcy, quantity, event_key, reason, created_by_id)
    SELECT service_id, 'dissolution', effective_on, 'expiry', '', currency_id, -locked.remaining, -locked.remaining_lcy,
           -locked.remaining_quantity, event_key, '', %(actor)s
    FROM due JOIN locked ON locked.entry_id = due.id
    RETURNING id, event_key
)
INSERT INTO prepaid_application (outflow_id, inflow_id, amount, amount_lcy, quantity)
SELECT entries.id, due.id, locked.remaining, locked.remaining_lcy, locked.remaining_quantity
FROM due JOIN entries USING (event_key) JOIN locked ON locked.entry_id = due.id
RETURNING outflow_id
"""

UNPOSTABLE = """
SELECT count(*), business_group_id, product_group_id, cause, detail FROM ({due}) d WHERE cause IS NOT NULL
GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
"""

PROPOSE = """
INSERT INTO prepaid_dissolutionproposal (inflow_id, proposed_on, by_night, state, requested_by_id)
SELECT id, %(on)s, %(by_night)s, 'requested', %(actor)s FROM ({due}) d
ON CONFLICT (inflow_id) WHERE state = 'requested' DO NOTHING RETURNING id
"""

# The journal lines of these outflows: out of the inflow's deferral, into breakage.
LINES = """
SELECT o.event_key, 'prepaid_expiry', o.posted_on, o.currency_id, s.number || ': residual expired', side.line_no,
       side.account_id, side.group_id, side.debit, side.credit, side.debit_lcy, side.credit_lcy,
       'account:' || s.account_id, 'prepaid:' || i.id,
       c.dimensions || CASE WHEN setup.dimension_id IS NULL OR s.dimension_value = '' THEN '{}'::jsonb
                            ELSE jsonb_build_object(setup.dimension_id, s.dimension_value) END
FROM prepaid_application a
JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
JOIN prepaid_prepaidentry i ON i.id = a.inflow_id
JOIN prepaid_prepaidservice s ON s.id = o.service_id
JOIN opportunities_account c ON c.id = s.account_id
JOIN ledger_postingsetup g ON g.business_group_id = i.business_group_id AND g.product_group_id = i.product_group_id
LEFT JOIN prepaid_prepaidsetup setup ON true
CROSS JOIN LATERAL (VALUES
    (1, i.deferral_account_id, i.deferral_group_id, a.amount, 0, a.amount_lcy, 0),
    (2, g.breakage_id, i.product_group_id, 0, a.amount, 0, a.amount_lcy)
) AS side (line_no, account_id, group_id, debit, credit, debit_lcy, credit_lcy)
WHERE a.outflow_id = ANY(%s) AND i.deferral_account_id IS NOT NULL
"""

# What waits for review is decided there, whatever the setup says by now.
NOT_WAITING = (
    "NOT EXISTS (SELECT FROM prepaid_dissolutionproposal w WHERE w.inflow_id = e.id AND w.state = 'requested')"
)
SERVICES = f"e.service_id = ANY(%(services)s) AND {NOT_WAITING}"
ACCOUNTS = f"s.account_id BETWEEN %(first)s AND %(last)s AND {NOT_WAITING}"


@dataclass
class Expired:
    """What an expiry did: residuals that lapsed or were proposed, journal entries; how many the books could not take, and
    why."""

    residuals: int = 0
    proposed: int = 0
    entries: list[int] = field(default_factory=list)
    refusals: list[tuple[int, Refused]] = field(default_factory=list)


def last_passed_day() -> datetime.date:
    """The last day that has fully passed: the valid-until day itself is usable."""
    return business_date() - datetime.timedelta(days=1)


def expire_due(scope: str, params: dict, *, on: datetime.date, actor=None) -> Expired:
    """Expires what was valid until `on` or a day before, among the inflows `e` of the services `s` that fulfil `scope`. The
    caller holds the locks of their accounts. What the books cannot take is left as it is and named, so that one of them
    stops no night."""
    params = {**params, "on": on, "actor": actor and actor.pk}
    due = DUE.format(effective=EFFECTIVE, scope=scope)
    with connection.cursor() as cursor:
        cursor.execute(UNPOSTABLE.format(due=due), params)
        refusals = [(count, _refusal(*cell)) for count, *cell in cursor.fetchall()]
        cursor.execute(EXPIRE.format(due=due), params)
        outflows = [pk for (pk,) in cursor.fetchall()]
    entries = post_set(LINES, [outflows], actor=actor) if outflows else []
    return Expired(len(outflows), 0, entries, refusals)


def propose_due(scope: str, params: dict, *, on: datetime.date, by_night: bool = False, actor=None) -> Expired:
    """The same residuals, left for review: nothing is written to them or to the books yet; those that wait already are not
    proposed again."""
    params = {**params, "on": on, "by_night": by_night, "actor": actor and actor.pk}
    with connection.cursor() as cursor:
        cursor.execute(PROPOSE.format(due=DUE.format(effective=EFFECTIVE, scope=scope)), params)
        return Expired(proposed=len(cursor.fetchall()))


@transaction.atomic
def expire_residuals(
    services: Sequence[PrepaidService], *, on: datetime.date | None = None, actor, made: str = "Expire residuals"
) -> Expired:
    """Expires the residuals of these services up to `on`, by hand; or proposes them, as the setup says.

    Refused (NothingToExpire): a day that has not passed, and where nothing has lapsed. What the books cannot take is named
    in `refusals`, and refused where it is all there is."""
    on = on or last_passed_day()
    if on > last_passed_day():
        raise NothingToExpire(f"{formats.day(on)} has not passed: what is valid until then can still be used on it.")
    _lock(services)
    made_by(actor, made)
    work = expire_due if prepaid_setup().post_manual_dissolution else propose_due
    done = work(SERVICES, {"services": [service.pk for service in services]}, on=on, actor=actor)
    if not (done.residuals or done.proposed):
        raise (
            done.refusals[0][1]
            if done.refusals
            else NothingToExpire(
                f"Nothing that was valid until {formats.day(on)} is left, or it waits for review already."
            )
        )
    return done


def expire_or_propose(first: int, last: int, *, on: datetime.date) -> Expired:
    """What the night of `on` does for a range of accounts, whose locks the caller holds."""
    setup = PrepaidSetup.objects.first()
    passed = on - datetime.timedelta(days=1)
    params = {"first": first, "last": last}
    if setup is None or setup.post_automatic_dissolution:
        return expire_due(ACCOUNTS, params, on=passed)
    return propose_due(ACCOUNTS, params, on=passed, by_night=True)


def _lock(services: Sequence[PrepaidService]) -> None:
    """Their accounts by id, then they: as many statements for a thousand as for one."""
    accounts = Account.objects.filter(pk__in={service.account_id for service in services}).order_by("id")
    list(accounts.select_for_update(no_key=True).values_list("id"))
    lock_services(service.pk for service in services)


def _refusal(business_group: str, product_group: str, cause: str, detail: str) -> Refused:
    match cause:
        case "combination":
            return BlockedCombination(business_group, product_group)
        case "empty":
            return MissingAccount(business_group, product_group, detail)
        case "day":
            return PostingNotAllowed(datetime.date.fromisoformat(detail))
    return BlockedAccount(detail)
