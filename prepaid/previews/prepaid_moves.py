"""What a posted document did to prepaid services, told before and after: entries, draws in their order, what is left.

Plain values, read at once. The numbers of what is made come from a sequence and are left out; those of the inflows that
were there stand.
"""

from collections.abc import Iterator

from django.db.models import Sum

from ledger.money import ZERO
from pages import formats
from pages.preview import Change
from prepaid.models import PrepaidEntry, PrepaidService, SalesDocument
from prepaid.services.cover import shown

Type = PrepaidEntry.Type


def outstanding(document: SalesDocument) -> dict[PrepaidService, str]:
    """What each prepaid service of its lines has left, as it is read."""
    services = PrepaidService.objects.filter(sales_lines__document=document).distinct()
    found = services.select_related("currency").with_balances().order_by("number")
    return {
        service: shown(service, service.outstanding if service.is_amount else service.outstanding_quantity, document)
        for service in found
    }


def moves(document: SalesDocument) -> list[Change]:
    """Each entry that the document made; below an outflow what it drew."""
    entries = document.prepaid_entries.select_related("service", "came_from", "currency").order_by("pk")
    return [change for entry in entries for change in (_entry(document, entry), *_draws(document, entry))]


def _entry(document: SalesDocument, entry: PrepaidEntry) -> Change:
    units = entry.amount if entry.service.is_amount else entry.quantity
    told = _signed(document, entry.service, units)
    return Change(f"{entry.get_entry_type_display()}, {entry.service}", "", told, note=_about(entry))


def _about(entry: PrepaidEntry) -> str:
    if entry.entry_type != Type.POSITIVE:
        return ""
    valid = f"valid until {formats.day(entry.valid_until)}" if entry.valid_until else "valid without limit"
    return f"back to {named(entry.came_from)}; {valid}" if entry.came_from else valid


def _draws(document: SalesDocument, entry: PrepaidEntry) -> Iterator[Change]:
    """The inflows that an outflow took from, in drawing order, each with what it had and has."""
    taken = entry.applications.order_by().values("inflow").annotate(a=Sum("amount"), q=Sum("quantity"))
    units = {row["inflow"]: row["a"] if entry.service.is_amount else row["q"] for row in taken}
    inflows = PrepaidEntry.objects.filter(pk__in=units).select_related("balance", "service")
    for place, inflow in enumerate(sorted(inflows, key=_in_order), start=1):
        balance = inflow.balance
        after = balance.remaining if inflow.service.is_amount else balance.remaining_quantity
        before, left = (shown(inflow.service, each, document) for each in (after + units[inflow.pk], after))
        valid = f"valid until {formats.day(inflow.valid_until)}" if inflow.valid_until else "valid without limit"
        yield Change(f"{place}. from {named(inflow)}", before, left, note=valid, url=inflow.get_absolute_url())


def _in_order(inflow: PrepaidEntry) -> tuple:
    return inflow.valid_until is None, inflow.valid_until, inflow.pk


def named(inflow: PrepaidEntry) -> str:
    document = f", {inflow.document_no}" if inflow.document_no else ""
    return f"{inflow} of {formats.day(inflow.posted_on)}{document}"


def _signed(document: SalesDocument, service: PrepaidService, units) -> str:
    if service.is_amount:
        return formats.money(units, document.currency)
    return f"{formats.MINUS if units < ZERO else ''}{shown(service, abs(units), document)}"
