"""The company's day. An instant is UTC; a business day begins and ends in the company's time zone."""

import contextlib
import contextvars
import datetime
import zoneinfo
from collections.abc import Iterator

from django.utils import timezone

from ledger.exceptions import MissingSetup
from ledger.models import LedgerSetup

LAST_DAY = datetime.date(9999, 12, 30)  # one day stays for the time zones

_known: contextvars.ContextVar[LedgerSetup | None] = contextvars.ContextVar("known_setup", default=None)


def ledger_setup() -> LedgerSetup:
    """The company's general ledger setup with its LCY. Refused (MissingSetup) before it is filled in."""
    setup = _known.get() or LedgerSetup.objects.select_related("lcy").first()
    if setup is None:
        raise MissingSetup
    return setup


@contextlib.contextmanager
def one_setup() -> Iterator[None]:
    """Inside, the setup is read once: for a service that does the same for many lines of a file."""
    token = _known.set(LedgerSetup.objects.select_related("lcy").first())
    try:
        yield
    finally:
        _known.reset(token)


def company_time_zone() -> zoneinfo.ZoneInfo:
    """The company's time zone; UTC before the setup is filled in, so that pages can be shown."""
    known = _known.get()
    name = known.time_zone if known else LedgerSetup.objects.values_list("time_zone", flat=True).first()
    return zoneinfo.ZoneInfo(name or "UTC")


def business_date(at: datetime.datetime | None = None) -> datetime.date:
    """The company's date at the instant `at` (default: now)."""
    return (at or timezone.now()).astimezone(company_time_zone()).date()


def start_of(day: datetime.date) -> datetime.datetime:
    """The instant at which `day` begins for the company."""
    return datetime.datetime.combine(day, datetime.time.min, company_time_zone())


def end_of(day: datetime.date | None) -> datetime.datetime:
    """The instant at which `day` ends for the company: what was recorded before it was known on that day. Without a day,
    an instant that nothing comes after."""
    if day is None or day >= LAST_DAY:
        return datetime.datetime.combine(LAST_DAY, datetime.time.max, datetime.UTC)
    return start_of(day + datetime.timedelta(days=1))
