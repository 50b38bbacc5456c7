"""What the next night will find, counted: for companies too large to have the night rehearsed while somebody waits."""

import datetime

from prepaid.models import InflowBalance


def count_residuals(on: datetime.date) -> dict[str, int]:
    """Residuals that the night of `on` expires, or leaves for review."""
    lapsed = InflowBalance.objects.lapsed(on - datetime.timedelta(days=1))
    return {"residuals": lapsed.exclude(entry__proposals__state="requested").count()}
