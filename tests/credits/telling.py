"""The step of the night that tells notices, and what is open after it."""

import datetime

from credits.models import Notice
from credits.services.notices import Told, tell

TODAY = datetime.date(2026, 11, 24)
EVERYBODY = (0, 2**63 - 1)


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


def noon(time_machine, count: int) -> datetime.date:
    """Noon, so many days from today."""
    time_machine.move_to(datetime.datetime.combine(days(count), datetime.time(12), datetime.UTC), tick=False)
    return days(count)


def night(on: datetime.date = TODAY) -> Told:
    """The step, run twice: the second time it changes nothing."""
    told = tell(*EVERYBODY, on=on)
    stands = list(Notice.objects.order_by("id").values())
    assert tell(*EVERYBODY, on=on) == Told()
    assert list(Notice.objects.order_by("id").values()) == stands
    return told


def open_notices(kind: str) -> list[tuple]:
    rows = Notice.objects.open().filter(kind=kind).order_by("due_on", "id")
    return list(rows.values_list("purchase__number", "milestone__number", "threshold", "credits", "due_on"))


def history(lot) -> list[tuple]:
    return list(lot.notices.order_by("id").values_list("due_on", "threshold", "raised_on", "settled_on"))
