"""What a person should know about a period before it is closed."""

import datetime
from dataclasses import dataclass

from django.db import connection
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from ledger.dates import business_date
from ledger.models import AccountingPeriod, BatchRun, ChangeLogEntry, JournalEntry, PeriodReopening
from ledger.models.nights import State

DAY = datetime.timedelta(days=1)


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
    """As things stand now. `first_open_day` is the day to which the late events of the period go once it is closed, so that
    it is the same before and after."""
    nights = (
        BatchRun.objects.filter(state=State.DONE).order_by("-business_date").values_list("business_date", flat=True)
    )
    posted = JournalEntry.objects.filter(posting_date__range=(period.starts_on, period.ends_on))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_first_open_day(%s)", [period.ends_on + DAY])
        first_open_day = cursor.fetchone()[0]
    return PeriodFacts(period, posted.count(), first_open_day, business_date(), nights.first())


def next_month(today: datetime.date) -> datetime.date:
    """The first day after the last period; without one, the first of the year."""
    last = AccountingPeriod.objects.order_by("-ends_on").values_list("ends_on", flat=True).first()
    return last + DAY if last else today.replace(month=1, day=1)


def waiting() -> QuerySet[PeriodReopening]:
    """Requests to open a closed period again that nobody has answered, the oldest first."""
    asked = PeriodReopening.objects.filter(approved_at=None, declined_at=None)
    return asked.select_related("period", "requested_by").order_by("pk")


def history(period: AccountingPeriod) -> QuerySet[ChangeLogEntry]:
    """Who made, closed and opened the period, asked for it, approved and declined, and why; the newest first."""
    requests = PeriodReopening.objects.filter(period=period).values(key=Cast("pk", CharField()))
    own = Q(table=AccountingPeriod._meta.db_table, row=str(period.pk))
    asked = Q(table=PeriodReopening._meta.db_table, row__in=requests)
    return ChangeLogEntry.objects.filter(own | asked).select_related("actor")
