"""What a person should know about a period before it is closed."""

import datetime
from dataclasses import dataclass

from django.db import connection

from ledger.dates import business_date
from ledger.models import AccountingPeriod, BatchRun, JournalEntry
from ledger.models.nights import State


@dataclass(frozen=True)
class PeriodFacts:
    period: AccountingPeriod
    entries: int
    first_open_day: datetime.date
    today: datetime.date
    last_night: datetime.date | None

    @property
    def is_running(self) -> bool:
        return self.period.ends_on >= self.today

    @property
    def night_is_missing(self) -> bool:
        """Whether a night of one of its days has not gone through."""
        return self.last_night is None or self.last_night < self.period.ends_on


def facts(period: AccountingPeriod) -> PeriodFacts:
    """As things stand now: of a period that was just closed, the day to which its late events go."""
    nights = (
        BatchRun.objects.filter(state=State.DONE).order_by("-business_date").values_list("business_date", flat=True)
    )
    posted = JournalEntry.objects.filter(posting_date__range=(period.starts_on, period.ends_on))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_first_open_day(%s)", [period.starts_on])
        first_open_day = cursor.fetchone()[0]
    return PeriodFacts(period, posted.count(), first_open_day, business_date(), nights.first())


def next_month(today: datetime.date) -> datetime.date:
    """The first day after the last period; without one, the first of the year."""
    last = AccountingPeriod.objects.order_by("-ends_on").values_list("ends_on", flat=True).first()
    return last + datetime.timedelta(days=1) if last else today.replace(month=1, day=1)
