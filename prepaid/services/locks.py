"""The locks of a change to a prepaid balance, in their order: account, service, its inflows by id."""

import contextlib
import contextvars
from collections.abc import Iterable, Iterator

from ledger.dates import one_setup
from opportunities.services.locks import lock_account
from prepaid.exceptions import MissingPrepaidSetup
from prepaid.models import InflowBalance, PrepaidService, PrepaidSetup

OF_SERVICES = ("currency", "account__business_group", "account__bill_to__business_group")
_known: contextvars.ContextVar[PrepaidSetup | None] = contextvars.ContextVar("known_prepaid_setup", default=None)


def lock_service(service: PrepaidService) -> PrepaidService:
    """The service as it is now, its account and itself locked until the commit."""
    account = lock_account(service.account_id)
    locked = PrepaidService.objects.select_related("currency").select_for_update(of=["self"]).get(pk=service.pk)
    locked.account = account
    return locked


def lock_services(services: Iterable[int]) -> dict[int, PrepaidService]:
    """These services as they are now, locked by id; their account is locked already."""
    found = PrepaidService.objects.filter(pk__in=set(services)).select_related(*OF_SERVICES)
    return {service.pk: service for service in found.order_by("id").select_for_update(of=["self"])}


def lock_balances(services: Iterable[int]) -> None:
    """What is left of the inflows of these services, locked by id."""
    left = InflowBalance.objects.left().filter(service__in=set(services)).order_by("entry_id")
    list(left.select_for_update().values_list("entry_id", flat=True))


def prepaid_setup() -> PrepaidSetup:
    """The settings. Refused (MissingPrepaidSetup) where there are none."""
    setup = _known.get() or PrepaidSetup.objects.select_related("deferral_group").first()
    if setup is None:
        raise MissingPrepaidSetup
    return setup


@contextlib.contextmanager
def one_prepaid_setup() -> Iterator[None]:
    """Inside, the settings are read once, and with them those of the ledger: for many lines of a file."""
    token = _known.set(PrepaidSetup.objects.select_related("deferral_group").first())
    try:
        with one_setup():
            yield
    finally:
        _known.reset(token)
