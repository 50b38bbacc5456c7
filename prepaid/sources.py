"""Which pages answer for the events and lots of prepaid services in the books."""

from django.db.models import Q

from prepaid.models import (
    ContractDeferral,
    DeferralLine,
    EntryRequest,
    PrepaidEntry,
    PrepaidService,
    SalesDocument,
)

FOUND = 200  # inflows, or deferrals, that a search of the journal looks behind
Answers = dict[str, tuple[str, str]]


def documents(keys: list[str]) -> Answers:
    """The sales document behind each event (`sales-document:17`)."""
    ids = keyed(keys)
    found = SalesDocument.objects.in_bulk(set(ids.values()))
    return {
        key: (f"{found[pk].get_type_display()} {found[pk]}", found[pk].get_absolute_url())
        for key, pk in ids.items()
        if pk in found
    }


def requests(keys: list[str]) -> Answers:
    """The request behind each entry by hand (`prepaid-entry:17`)."""
    ids = keyed(keys)
    found = EntryRequest.objects.select_related("service").in_bulk(set(ids.values()))
    return {key: (str(found[pk]), found[pk].get_absolute_url()) for key, pk in ids.items() if pk in found}


def expiries(keys: list[str]) -> Answers:
    """The Dissolution that each expiry of an inflow made (`prepaid-expiry:17`)."""
    made = PrepaidEntry.objects.filter(event_key__in=keys, entry_type=PrepaidEntry.Type.DISSOLUTION)
    return {
        entry.event_key: (f"{entry} of {entry.service.number}", entry.get_absolute_url())
        for entry in made.select_related("service")
    }


def inflows(keys: list[str]) -> Answers:
    """The inflow behind each lot (`prepaid:17`)."""
    ids = keyed(keys)
    found = PrepaidEntry.objects.select_related("service").in_bulk(set(ids.values()))
    return {
        key: (f"{found[pk]} of {found[pk].service}", found[pk].get_absolute_url())
        for key, pk in ids.items()
        if pk in found
    }


def services(keys: list[str]) -> Answers:
    """The service behind each key of a forecast (`prepaid-service:17`)."""
    ids = keyed(keys)
    found = PrepaidService.objects.in_bulk(set(ids.values()))
    return {key: (str(found[pk]), found[pk].get_absolute_url()) for key, pk in ids.items() if pk in found}


def find_inflows(text: str) -> list[str]:
    """The lots of services that hold the text in their number or description."""
    named = Q(service__number__icontains=text) | Q(service__description__icontains=text)
    return [entry.lot for entry in PrepaidEntry.objects.inflows().filter(named).order_by("-pk").only("pk")[:FOUND]]


def releases(keys: list[str]) -> Answers:
    """The deferral of the part behind each release (`contract-release:17:4`), taken back or not (`…:undone`)."""
    ids = keyed(keys)
    found = DeferralLine.objects.select_related("deferral__contract").in_bulk(set(ids.values()))
    return {
        key: (f"{found[pk].deferral} of {found[pk].deferral.contract}", found[pk].deferral.get_absolute_url())
        for key, pk in ids.items()
        if pk in found
    }


def deferrals(keys: list[str]) -> Answers:
    """The deferral behind each lot (`contract:17`)."""
    ids = keyed(keys)
    found = ContractDeferral.objects.select_related("contract").in_bulk(set(ids.values()))
    return {
        key: (f"{found[pk]} of {found[pk].contract}", found[pk].get_absolute_url())
        for key, pk in ids.items()
        if pk in found
    }


def find_deferrals(text: str) -> list[str]:
    """The lots of contracts that hold the text in their number or description."""
    named = Q(contract__number__icontains=text) | Q(contract__description__icontains=text)
    return [deferral.lot for deferral in ContractDeferral.objects.filter(named).order_by("-pk").only("pk")[:FOUND]]


def keyed(keys: list[str]) -> dict[str, int]:
    return {key: int(key.split(":")[1]) for key in keys}
