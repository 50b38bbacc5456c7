"""What the next night will find, counted: for companies too large to have the night rehearsed while somebody waits."""

import datetime

from prepaid.models import AutomaticBilling, DeferralLine, InflowBalance, PrepaidSetup, ServiceCommitment


def count_residuals(on: datetime.date) -> dict[str, int]:
    """Residuals that the night of `on` expires, or leaves for review."""
    lapsed = InflowBalance.objects.lapsed(on - datetime.timedelta(days=1))
    return {"residuals": lapsed.exclude(entry__proposals__state="requested").count()}


def count_billable(on: datetime.date) -> dict[str, int]:
    """Contracts of which the night of `on` bills something, each on an invoice."""
    setup = PrepaidSetup.objects.first()
    off = setup is None or setup.automatic_billing == AutomaticBilling.OFF
    due = ServiceCommitment.objects.due(on).order_by().values("contract").distinct()
    return {"contract invoices": 0 if off else due.count()}


def count_parts(on: datetime.date) -> dict[str, int]:
    """Parts of contract deferrals that the night of `on` releases."""
    return {"contract deferrals released": DeferralLine.objects.due(on).count()}
