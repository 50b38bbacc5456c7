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


class NoExchangeDifference(Refused):
    """The general ledger setup names no account for exchange differences."""

    def __init__(self, currency):
        super().__init__(
            f"The general ledger setup has no account for exchange differences, and {currency} is worth something else today "
            "than when this arose. Fill it in, then try again."
        )


class BlockedCombination(Refused):
    """The general posting setup blocks the pair of groups of a posting."""

    def __init__(self, business_group, product_group):
        super().__init__(
            f"The general posting setup blocks business group {business_group} with product group {product_group}. "
            "Unblock that cell, or change the group of the customer or the product."
        )


class MissingVat(Refused):
    """The VAT posting setup has no cell for the groups of a sale."""

    def __init__(self, business_group, product_group):
        super().__init__(
            f"The VAT posting setup has no rate for business group {business_group} with product group {product_group}. "
            "Fill in that cell, then try again."
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


class TieOutDiffers(Refused):
    """A period cannot be closed over books that do not agree: with themselves, or with a sub-ledger."""

    def __init__(self, period, offenders):
        first, others = offenders[0], len(offenders) - 1
        more = f" Besides it: {formats.counted(others, 'other differences')}." if others else ""
        super().__init__(
            f"{period} stays open: {first.subject} breaks the rule “{first.rule}”: {first.detail}.{more} "
            "No page puts that right: whoever looks after the database has to look at it before the period is closed."
        )


class ReopeningRefused(Refused):
    """A request to reopen a period cannot be made, approved or declined."""


class RateRefused(Refused):
    """An exchange rate that cannot be entered."""


class BadManualEntry(Refused):
    """What a manual entry says breaks a rule; `field` names where, the sentence names the line."""


class ManualEntryState(Refused):
    """A manual entry is not in the state that the step starts from."""

    def __init__(self, entry, remedy):
        super().__init__(f"{entry} is {entry.get_state_display().lower()}. {remedy}")


class MakerApproves(Refused):
    """An approval by somebody who had a hand in the entry."""

    def __init__(self, entry):
        super().__init__(f"You drafted, edited or submitted {entry}. Somebody who had no hand in it has to approve it.")


class DatedAhead(Refused):
    """The books take a manual entry, or its reversal, on its day, not before."""

    def __init__(self, day, field=None):
        super().__init__(f"{formats.day(day)} is after today. Post it on that day or later.", field=field)


class NotByHand(Refused):
    """A reversal by hand of an entry that a business event made."""

    def __init__(self, entry):
        super().__init__(
            f"{entry} comes from {entry.event_key}, not from a manual entry. Correct that event on its own page: its lots "
            "would not follow a reversal."
        )


class LcyFixed(Refused):
    """The local currency of books that hold entries is not a setting any more."""

    def __init__(self, lcy):
        super().__init__(f"The local currency stays {lcy}: amounts are posted in it.", field="lcy")


class UnknownTimeZone(Refused):
    def __init__(self, name):
        super().__init__(f"“{name}” is not a time zone; write it as in Europe/Berlin.", field="time_zone")


class PostingRangeReversed(Refused):
    """The last day on which posting is allowed lies before the first."""

    def __init__(self, first, last):
        super().__init__(
            f"Posting cannot be allowed from {formats.day(first)} to {formats.day(last)}: the last day is before the "
            "first.",
            field="posting_to",
        )


class BadSeries(Refused):
    """Numbers of a series that would not fit where they are kept."""

    def __init__(self, digits, most):
        super().__init__(f"A number has 1 to {most} digits, not {digits}.", field="digits")


class PrefixRunsOn(Refused):
    """A prefix whose last digits would be read as part of the number."""

    def __init__(self, prefix):
        super().__init__(
            f"The prefix {prefix} ends in a digit and would run into the number behind it. End it with another sign, such "
            f"as {prefix}-.",
            field="prefix",
        )


class SeriesFixed(Refused):
    """A number series that belongs to the register of the journal."""

    def __init__(self, series):
        super().__init__(f"{series} counts the sealed entries of the journal: it stays as it is.")


class BadDimension(Refused):
    """A dimension or a value of it that cannot be entered or chosen."""


class BadVat(Refused):
    """A VAT group that is there already, or a rate that no sale can owe."""
