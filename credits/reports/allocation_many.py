"""Which of a project's milestones an allocation of many at once would give their credits, from which lots, and why others
get none. Nothing is written; the service writes exactly this."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet

from credits.drawing import Draw, draw
from credits.models import Milestone, Purchase
from credits.reports.standing import needs_more, takes_nothing


@dataclass(frozen=True)
class Outcome:
    """What one milestone gets: all that it misses, or nothing, with the reason."""

    milestone: Milestone
    draws: list[Draw] = field(default_factory=list)
    left: int = 0  # in the lots, when its turn came
    reason: str = ""  # it takes none, however many there are

    @property
    def missing(self) -> int:
        return 0 if self.reason else needs_more(self.milestone)

    @property
    def drawn(self) -> int:
        return sum(each.credits for each in self.draws)

    @property
    def short(self) -> int:
        return 0 if self.draws else max(0, self.missing - self.left)

    @property
    def told(self) -> str:
        """10 of SCP-000001, 2 of SCP-000003"""
        return ", ".join(f"{each.credits:,} of {each.purchase}" for each in self.draws)

    @property
    def why(self) -> str:
        """Why it gets none."""
        if self.reason:
            return self.reason
        return f"{self.missing:,} needed, {self.left:,} left, {self.short:,} short"


class Shelf:
    """The lots of a day, from which one milestone after another draws. `credits_available` of the lots falls as they do."""

    def __init__(self, lots: Iterable[Purchase]) -> None:
        self.lots = deque(lots)
        self.left = sum(lot.credits_available for lot in self.lots)

    def take(self, credits: int) -> list[Draw]:
        draws = draw(self.lots, credits)
        for each in draws:
            each.purchase.credits_available -= each.credits
            self.left -= each.credits
        while self.lots and not self.lots[0].credits_available:
            self.lots.popleft()
        return draws


def outcomes(chosen: Iterable[Milestone], lots: Iterable[Purchase], *, fitting: bool) -> list[Outcome]:
    """In the order given, from lots in drawing order. Where all get their credits or none does, one that is short takes what
    there is: what the others are short of then adds up to what has to be bought."""
    shelf = Shelf(lots)
    return [_outcome(each, shelf, fitting) for each in chosen]


def _outcome(milestone: Milestone, shelf: Shelf, fitting: bool) -> Outcome:
    missing, left = needs_more(milestone), shelf.left
    if refused := takes_nothing(milestone):
        return Outcome(milestone, reason=refused.sentence)
    if missing <= left:
        return Outcome(milestone, shelf.take(missing), left)
    if not fitting:
        shelf.take(left)
    return Outcome(milestone, left=left)


def by_target_date(chosen: QuerySet[Any]) -> QuerySet[Any]:
    """The order in which they get their credits: the earliest target date first, those without one last."""
    return chosen.order_by(F("target_on").asc(nulls_last=True), "number")
