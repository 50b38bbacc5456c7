"""What the books refuse. Every message is fit to show to staff: what is wrong, with which value, what to do."""

from pages import formats
from pages.refusals import Refused


class MissingAccount(Refused):
    """A cell of the general posting setup that a posting needs is empty."""

    def __init__(self, business_group, product_group, account):
        super().__init__(
            f"The general posting setup has no {account} account for business group {business_group or '–'} and "
            f"product group {product_group or '–'}. Fill that cell, then try again."
        )


class BlockedCombination(Refused):
    """The general posting setup blocks the pair of groups of a posting."""

    def __init__(self, business_group, product_group):
        super().__init__(
            f"The general posting setup blocks business group {business_group} with product group {product_group}. "
            "Unblock that cell, or change the group of the customer or the product."
        )


class PostingNotAllowed(Refused):
    """A posting date after the last day on which the general ledger setup allows postings."""

    def __init__(self, last, day=None):
        meant = f"not on {formats.day(day)}" if day else "not later"
        super().__init__(f"Posting is allowed to {formats.day(last)}, {meant}. The general ledger setup says so.")


class BlockedAccount(Refused):
    """A posting would use a ledger account that takes none."""

    def __init__(self, account):
        super().__init__(
            f"Ledger account {account} is blocked. Unblock it, or change the posting setup, then try again."
        )


class MissingRate(Refused):
    """No exchange rate starts on or before the day."""

    def __init__(self, currency, day, field=None):
        super().__init__(
            f"There is no exchange rate for {currency} on {formats.day(day)}. Enter one that starts on or before that day.",
            field=field,
        )


class MissingSetup(Refused):
    """The general ledger setup has not been filled in."""

    def __init__(self):
        super().__init__(
            "The general ledger setup is empty. Enter the company's name, local currency and time zone first."
        )


class EventKeyReused(Refused):
    """The same business event arrived again with other figures."""

    def __init__(self, event_key):
        super().__init__(f"The event {event_key} is already posted with other lines. Nothing was posted.")


class AlreadyReversed(Refused):
    def __init__(self, entry):
        super().__init__(f"{entry} is already reversed, by {entry.reversed_by}. An entry is reversed once.")


class NotReversible(Refused):
    def __init__(self, entry):
        super().__init__(f"{entry} is itself a reversal. Post the event again instead of reversing its reversal.")


class PeriodsOpen(Refused):
    """A period cannot change its state."""


class ReopeningRefused(Refused):
    """A request to reopen a period cannot be made, approved or declined."""


class RateRefused(Refused):
    """An exchange rate that cannot be entered."""
