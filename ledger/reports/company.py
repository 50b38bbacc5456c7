"""The company's terms as columns of a query, so that a page need not ask for them apart."""

import zoneinfo
from typing import Any

from django.db.models import QuerySet, Subquery

from ledger.models import LedgerSetup
from pages.formats import Cur


def with_company(queryset: QuerySet) -> QuerySet:
    """Each row with the code and decimals of the LCY and the name of the company's time zone."""
    setup = LedgerSetup.objects.all()[:1]
    return queryset.annotate(
        lcy_code=Subquery(setup.values("lcy")),
        lcy_decimals=Subquery(setup.values("lcy__decimals")),
        time_zone=Subquery(setup.values("time_zone")),
    )


def lcy_of(row: Any) -> Cur:
    return Cur(row.lcy_code or "", row.lcy_decimals or 0)


def zone_of(row: Any) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(row.time_zone or "UTC")
