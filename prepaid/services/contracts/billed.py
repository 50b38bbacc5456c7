"""How far a commitment is billed: what of it stays as it was billed."""

import datetime

from prepaid.models import ServiceCommitment


def last_billed(commitment: ServiceCommitment) -> datetime.date | None:
    """The last day that an invoice bills and no credit memo took back."""
    periods = commitment.billed_periods.order_by("-kept_until").values_list("starts_on", "kept_until")
    return next((kept for starts, kept in periods if kept >= starts), None)


def is_billed(commitment: ServiceCommitment) -> bool:
    return last_billed(commitment) is not None
