"""What the next night will find, counted: for companies too large to have the night rehearsed while somebody waits."""

import datetime

from prepaid.models import AutomaticBilling, DeferralLine, InflowBalance, PrepaidSetup, ServiceCommitment


def count_residuals(on: datetime.date) -> dict[str, int]:
    """Residuals that the night of `on` expires, or leaves for review."""
    lapsed = InflowBalance.objects.lapsed(on - datetime.timedelta(days=1))
    return {"residuals": lapsed.exclude(entry__proposals__state="requested").count()}


def count_billable(on: datetime.date) -> dict[str, int]:
    """Commitments of which the night of `on` bills something."""
    setup = PrepaidSetup.objects.first()
    off = setup is None or setup.automatic_billing == AutomaticBilling.OFF
    return {"commitments to bill": 0 if off else ServiceCommitment.objects.due(on).count()}


def count_parts(on: datetime.date) -> dict[str, int]:
    """Parts of contract deferrals that the night of `on` releases."""
    return {"contract deferrals released": DeferralLine.objects.due(on).count()}
