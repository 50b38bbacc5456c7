"""What services credits refuse. Every message is fit to show to staff: what is wrong, with which value, what to do."""

from dataclasses import dataclass

from pages import formats
from pages.refusals import Refused


class BadTerms(Refused):
    """A field of a purchase breaks its rule; `field` names it."""


class NotDraft(Refused):
    def __init__(self, purchase):
        super().__init__(
            f"{purchase} is confirmed: only a draft can be changed or deleted. Set it back to draft first, while none of "
            "its credits is used."
        )


class AlreadyConfirmed(Refused):
    def __init__(self, purchase):
        super().__init__(f"{purchase} is confirmed already. Nothing was posted again.")


class Moved(Refused):
    """What was read before the lock belongs to another customer now."""

    def __init__(self, purchase):
        super().__init__(f"{purchase} was given to {purchase.account} meanwhile. Look at it again.")


class AlreadyUsed(Refused):
    def __init__(self, purchase):
        super().__init__(
            f"{purchase} has consumptions or refunds in its history and cannot go back to draft, even when all credits were "
            "given back."
        )


class HasHistory(Refused):
    def __init__(self, purchase):
        super().__init__(
            f"{purchase} was confirmed once and stays for the books. Leave it as a draft instead of deleting it."
        )


class AccountFixed(Refused):
    def __init__(self, purchase):
        super().__init__(
            f"{purchase} was confirmed for {purchase.account}: credits cannot move between accounts.", field="account"
        )


class DatesLocked(Refused):
    """The dates of a purchase cannot be renegotiated (any more)."""


class LineNotEligible(Refused):
    """A line of the opportunity cannot become a purchase."""


class NotForCredits(Refused):
    """The milestone takes no credits, or none now."""


@dataclass(frozen=True)
class HeldBack:
    """Credits of the account that cannot be used now, and why."""

    reason: str
    credits: int


class Shortage(Refused):
    """Too few credits: nothing changed. Carries the figures for the page."""

    def __init__(self, *, needed: int, available: int, held_back: list[HeldBack], currency: str):
        self.needed, self.available, self.held_back = needed, available, held_back
        self.short = needed - available
        reasons = ", ".join(f"{held.credits:,} {held.reason}" for held in held_back)
        super().__init__(
            f"{needed:,} credits in {currency} are needed and {available:,} are available: {self.short:,} short. "
            + (f"Held back: {reasons}. " if reasons else "")
            + "Nothing was allocated."
        )


class BadMilestone(Refused):
    """A field of a milestone breaks its rule; `field` names it."""


class GateClosed(Refused):
    def __init__(self, milestone):
        super().__init__(
            f"{milestone} needs {milestone.credits_needed or 0:,} credits and {milestone.credits_allocated:,} are allocated. "
            "Allocate exactly what it needs, then complete it."
        )


class NotCompleted(Refused):
    def __init__(self, milestone):
        super().__init__(f"{milestone} is not completed, so there is nothing to reopen.")


class NoReason(Refused):
    def __init__(self, milestone):
        super().__init__(f"Say why {milestone} is reopened: the reason is kept with it.", field="reason")


class AlreadyCompleted(Refused):
    def __init__(self, milestone):
        super().__init__(
            f"{milestone} is completed since {formats.day(milestone.actual_on)}. "
            "Reopen it before you change its credits or date."
        )


class BadActualDate(Refused):
    def __init__(self, message):
        super().__init__(message, field="actual_on")


class BadSetting(Refused):
    """A setting of services credits, or a rule of one customer, that means nothing; `field` names it."""


class BadEstimate(Refused):
    """A breakage estimate breaks a rule; `field` names the one."""


class OwnEstimate(Refused):
    def __init__(self, estimate):
        super().__init__(f"You proposed {estimate}: another person approves it.")


class BadCorrection(Refused):
    """A reinstatement or a refund breaks a rule; `field` names the one."""


class OwnCorrection(Refused):
    def __init__(self, correction):
        super().__init__(f"You asked for the {correction.get_kind_display().lower()}: another person approves it.")


class NotYourRequest(Refused):
    """What somebody asked for is withdrawn by them, and declined by others."""


class AlreadyDecided(Refused):
    def __init__(self, correction):
        super().__init__(f"{correction} is {correction.get_state_display().lower()}: nothing was done again.")


class BadDay(Refused):
    """A day as of which credits cannot be allocated."""

    def __init__(self, message):
        super().__init__(message, field="on")


class BadPicks(Refused):
    """Lots and counts picked by hand that cannot be allocated; `field` names the lot."""


class NotAsShown(Refused):
    def __init__(self):
        super().__init__(
            "Something changed since this was confirmed, so nothing was allocated. Look at the milestones again, then "
            "confirm."
        )


class ManyShort(Refused):
    """Milestones that are to get their credits all or not at all, and too few credits."""

    NAMED = 3

    def __init__(self, *, short: list[str], of: int, held_back: list[HeldBack]):
        more = len(short) - self.NAMED
        named = "; ".join([*short[: self.NAMED], *[f"and {more:,} more"] * (more > 0)])
        reasons = ", ".join(f"{held.credits:,} {held.reason}" for held in held_back)
        super().__init__(
            f"{len(short):,} of {formats.counted(of, 'milestones')} would be short: {named}. "
            + (f"Held back: {reasons}. " if reasons else "")
            + "Nothing was allocated. Take ticks away, or allocate what fits."
        )


class NothingToExpire(Refused):
    """A purchase has nothing that could expire on that day."""
