"""Expiry of purchases that somebody has picked: each that can, and why each other cannot.

Books and balances: those of `expire.py`. Whatever the number of purchases, the statements are the same.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction

from credits.exceptions import NothingToExpire
from credits.models import Purchase
from credits.services import obstacles
from credits.services.expire import due_sql, expire_due, grace_days, refusal_on
from ledger.dates import business_date
from opportunities.models import Account
from pages import formats
from pages.refusals import Refused

TOLD = 5  # reasons that a sentence holds
SCOPE = "p.id = ANY(%(purchases)s)"
HINDERED = "SELECT id, business_group_id, product_group_id, cause, detail FROM ({due}) d WHERE cause IS NOT NULL"


@dataclass(frozen=True)
class Selection:
    """The purchases that expired, as they were before, and those that could not, each with its refusal."""

    expired: list[Purchase]
    refused: list[tuple[Purchase, Refused]]


@transaction.atomic
def expire_selection(purchases: Collection[int], *, actor, on: datetime.date | None = None) -> Selection:
    """Expires what is left of each of these purchases, by hand, from its last usable day (with its grace) on.

    Those of which nothing can expire, or that the books cannot take, stay as they are and are named. Refused
    (NothingToExpire): not one of them can."""
    on = on or business_date()
    lots = _locked(purchases)
    refused = _refused(lots, on, actor)
    ready = [lot for lot in lots if lot.pk not in refused]
    if not ready:
        raise NothingToExpire(_none(lots, refused))
    params = {"purchases": [lot.pk for lot in ready]}
    expire_due(SCOPE, params, on=on, by_hand=True, actor=actor)
    return Selection(ready, [(lot, refused[lot.pk]) for lot in lots if lot.pk in refused])


def _locked(purchases: Collection[int]) -> list[Purchase]:
    """The purchases in the order of their numbers, their accounts locked first and then they, both by id."""
    accounts = Account.objects.filter(purchases__in=purchases).order_by("id").values_list("id", flat=True)
    locked = Account.objects.filter(pk__in=set(accounts)).order_by("id").select_for_update(no_key=True)
    owners = {account.pk for account in locked}
    lots = Purchase.objects.filter(pk__in=purchases, account__in=owners).select_related("account", "currency")
    found = list(lots.order_by("id").select_for_update(of=["self"]))
    return sorted(found, key=lambda lot: lot.number)


def _refused(lots: list[Purchase], on: datetime.date, actor) -> dict[int, Refused]:
    """Of the purchases that cannot expire: why."""
    grace, params = grace_days(), {"purchases": [lot.pk for lot in lots]}
    with connection.cursor() as cursor:
        due = due_sql(SCOPE, by_hand=True)
        cursor.execute(HINDERED.format(due=due), {**params, "on": on, "grace": grace, "actor": actor and actor.pk})
        hindered = {pk: obstacles.refusal(*cell) for pk, *cell in cursor.fetchall()}
    early = ((lot.pk, refusal_on(lot, on, grace)) for lot in lots)
    return hindered | {pk: refusal for pk, refusal in early if refusal}


def _none(lots: list[Purchase], refused: dict[int, Refused]) -> str:
    """The first reasons, and how many more there are."""
    if not lots:
        return "Pick the purchases to expire."
    reasons = list(dict.fromkeys(str(refused[lot.pk]) for lot in lots))
    more = len(reasons) - TOLD
    told = [*reasons[:TOLD], f"And {formats.counted(more, 'more reasons')} like these."] if more > 0 else reasons
    return " ".join(["None of the purchases can expire.", *told])
