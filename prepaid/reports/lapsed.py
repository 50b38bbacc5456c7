"""What has lapsed and is still there: services with residuals that an expiry would take, and the residuals."""

import datetime
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from prepaid.models import InflowBalance, PrepaidEntry, PrepaidService


def lapsed_services(on: datetime.date) -> QuerySet[PrepaidService]:
    """Open services with something left that was valid until `on` or a day before, by their numbers."""
    lapsed = InflowBalance.objects.lapsed(on).filter(service=OuterRef("pk"))
    return PrepaidService.objects.open().filter(Exists(lapsed)).select_related("account", "currency").order_by("number")


def lapsed_entries(services: Sequence[PrepaidService], on: datetime.date) -> QuerySet[PrepaidEntry]:
    """The inflows that an expiry up to `on` would take, in drawing order, with what a row of them shows."""
    lapsed = InflowBalance.objects.lapsed(on).values("pk")
    rows = PrepaidEntry.objects.filter(service__in=services, balance__in=lapsed)
    related = ("service__account", "service__currency", "currency", "balance")
    return rows.select_related(*related).order_by("service", "valid_until", "pk")
