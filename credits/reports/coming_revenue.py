"""What the next night will post for a milestone that is completed: read, with no lock and nothing written."""

import datetime
from dataclasses import dataclass

from credits.models import Milestone
from credits.services.earn import UNITS, pending
from credits.services.release import ReleaseLine, lines
from pages.refusals import Refused


@dataclass(frozen=True)
class ComingRevenue:
    """The journal lines of the completion that stands, or why the books cannot take it. Neither, where it is earned
    already or nothing was paid for its credits."""

    lines: list[ReleaseLine]
    refusals: list[Refused]


def coming_revenue(milestone: Milestone, *, on: datetime.date) -> ComingRevenue:
    """As the night of `on` will post it: together with whatever else of the account waits for that night, because the
    parts of a lot are cut in order."""
    account = milestone.project.account_id
    completion = milestone.completions.filter(reopened_at=None, earned_on=None).first()
    if completion is None:
        return ComingRevenue([], [])
    ready, refusals = pending(account, account, on)
    if completion.pk not in ready:
        return ComingRevenue([], [refusal for _, refusal in refusals])
    event_key = f"milestone:{milestone.pk}:complete:{completion.sequence}"
    return ComingRevenue([line for line in lines(UNITS, [ready, ready]) if line.event_key == event_key], [])
