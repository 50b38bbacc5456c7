"""What has lapsed and is still there: services with residuals that an expiry would take."""

import datetime

from django.db.models import Exists, OuterRef, QuerySet

from prepaid.models import InflowBalance, PrepaidService


def lapsed_services(on: datetime.date) -> QuerySet[PrepaidService]:
    """Open services with something left that was valid until `on` or a day before, by their numbers."""
    lapsed = InflowBalance.objects.lapsed(on).filter(service=OuterRef("pk"))
    return PrepaidService.objects.open().filter(Exists(lapsed)).select_related("account", "currency").order_by("number")
