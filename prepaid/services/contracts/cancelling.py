"""Ending a commitment by a notice, and taking the notice back. Books and balances: none; what is billed of the days after
its end is taken back by a credit memo."""

import datetime

from django.db import transaction

from ledger.dates import business_date
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadContract
from prepaid.models import ServiceCommitment
from prepaid.services.contracts.agreed import agreed, refusal_of_far_day
from prepaid.services.contracts.commitments import refusal_of_closed
from prepaid.services.contracts.locks import lock_commitment


@transaction.atomic
def cancel(
    commitment: ServiceCommitment,
    *,
    ends_on: datetime.date | None = None,
    notice_on: datetime.date | None = None,
    reason: str = "",
    actor,
) -> ServiceCommitment:
    """Ends the commitment with the day, or with the first one for which a notice on `notice_on` (today) is in time. Nothing
    is billed after it; what is billed already is taken back by a credit memo. Refused (BadContract): one that is cancelled
    already; a notice of a later day; a day a hundred years away; an end before the first day, or after the agreed one; one
    before the notice would allow, without a reason."""
    locked = lock_commitment(commitment)
    if refusal := refusal_to_cancel(locked):
        raise refusal
    notice = notice_on or business_date()
    if notice > business_date():
        raise BadContract(
            f"{formats.day(notice)} has not come: the day of a notice is today or earlier.", field="notice_on"
        )
    for day, name in ((notice, "notice_on"), (ends_on, "ends_on")):
        if refusal := refusal_of_far_day(day, name):
            raise refusal
    earliest = agreed(locked).earliest_end(locked.starts_on, notice)
    end = ends_on or (min(earliest, locked.ends_on) if locked.ends_on else earliest)
    if end < locked.starts_on:
        raise BadContract(
            f"{locked} starts on {formats.day(locked.starts_on)}: choose that day or a later one.", field="ends_on"
        )
    if locked.ends_on is not None and end > locked.ends_on:
        raise BadContract(
            f"{locked} ends on {formats.day(locked.ends_on)} as it is. Edit it to let it run longer.", field="ends_on"
        )
    if end < earliest and end != locked.ends_on and not reason.strip():
        raise BadContract(
            f"A notice on {formats.day(notice)} ends it on {formats.day(earliest)}. Say why it ends earlier.",
            field="reason",
        )
    made_by(actor, "Cancel service commitment", reason=reason)
    locked.ends_on, locked.agreed_end, locked.cancelled_on = end, locked.ends_on, notice
    locked.save(update_fields=["ends_on", "agreed_end", "cancelled_on"])
    locked.refresh_from_db()
    return locked


@transaction.atomic
def withdraw_cancellation(commitment: ServiceCommitment, *, actor) -> ServiceCommitment:
    """Takes a notice back: it ends as it did before, or goes on. Refused (BadContract): one that was not cancelled,
    or whose contract is closed."""
    locked = lock_commitment(commitment)
    if refusal := refusal_to_withdraw(locked):
        raise refusal
    made_by(actor, "Withdraw cancellation")
    locked.cancelled_on, locked.ends_on, locked.agreed_end = None, locked.agreed_end, None
    locked.save(update_fields=["ends_on", "agreed_end", "cancelled_on"])
    locked.refresh_from_db()
    return locked


def refusal_to_withdraw(commitment: ServiceCommitment) -> Refused | None:
    """Why no notice is taken back: there is none, or nothing bills the days any more."""
    if commitment.cancelled_on is None:
        return BadContract(f"{commitment} is not cancelled.")
    return refusal_of_closed(commitment)


def refusal_to_cancel(commitment: ServiceCommitment) -> Refused | None:
    """Why it is not cancelled."""
    if commitment.cancelled_on is None or commitment.ends_on is None:
        return None
    return BadContract(
        f"{commitment} is cancelled already: it ends on {formats.day(commitment.ends_on)}. Withdraw the cancellation first."
    )
