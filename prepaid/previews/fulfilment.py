"""What becomes of quotes, orders and projects, run and described: an order or invoice of a quote, an invoice or a delivery of
an order, a usage invoice of a project. Nothing of it is posted."""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.db.models import Prefetch

from opportunities.models import Project
from pages import formats
from pages.preview import Change, LeftOut, Link, Preview, shortened
from prepaid.models import Delivery, PrepaidService, SalesDocument, SalesLine, ServiceCommitment, ServiceObject
from prepaid.reports.commitments import told_price, told_terms
from prepaid.reports.documents import Standing, standing
from prepaid.services.convert import convert_quote, invoice_order, left_out
from prepaid.services.deliver import deliver
from prepaid.services.order_state import is_invoiced_from_order
from prepaid.services.project_usage import invoice_project
from prepaid.shown import quantity

Type, Kind = SalesDocument.Type, SalesLine.Kind


def convert_and_describe(
    quote: SalesDocument, *, into: str, on: datetime.date | None, actor
) -> tuple[SalesDocument, Preview]:
    state, noun = quote.get_state_display(), Type(into).label.lower()
    made = convert_quote(quote, into=into, on=on, actor=actor)
    found = standing(made)
    preview = Preview(
        changes=[
            *(_line(made, line) for line in found.items),
            Change(f"Quote {quote}", state, "Done", note="it is made into something once"),
            *_sums(made, found),
        ],
        warnings=[*found.warnings, *_problem(found)],
        confirm_label=f"Create {noun} of {formats.money(found.gross, made.currency)}",
        made=[_link(made)],
    )
    return made, preview


def invoice_and_describe(
    order: SalesDocument, quantities: Mapping[int, Decimal], *, on: datetime.date | None, actor
) -> tuple[SalesDocument, Preview]:
    before = {line.pk: line.quantity_invoiced for line in order.lines.all()}
    state = order.get_state_display()
    made = invoice_order(order, quantities, on=on, actor=actor)
    found = standing(made)
    preview = Preview(
        changes=[
            *(
                _moved(line, before[line.pk], line.quantity_invoiced, "invoiced")
                for line in _items(order)
                if is_invoiced_from_order(line)
            ),
            *_state_of(order, state),
            *_sums(made, found),
        ],
        left_out=[LeftOut(f"{line.line_no}. {line.description}", why) for line, why in left_out(order)],
        warnings=[*found.warnings, *_problem(found)],
        confirm_label=f"Create invoice of {formats.money(found.gross, made.currency)}",
        made=[_link(made)],
    )
    return made, preview


def deliver_and_describe(
    order: SalesDocument, quantities: Mapping[int, Decimal], *, on: datetime.date | None, actor
) -> tuple[Delivery, Preview]:
    before = {line.pk: line.quantity_shipped for line in order.lines.all()}
    state = order.get_state_display()
    delivery = deliver(order, quantities, on=on, actor=actor)
    lines, objects = _items(order), objects_of(delivery)
    count = sum(line.quantity_shipped != before[line.pk] for line in lines)
    preview = Preview(
        changes=[
            *(_moved(line, before[line.pk], line.quantity_shipped, "delivered") for line in lines),
            *(change for each in objects for change in _object(each)),
            *_state_of(order, state),
        ],
        confirm_label=f"Deliver {formats.counted(count, 'lines')}",
        made=[
            Link(f"Delivery note {delivery}", delivery.get_absolute_url()),
            *(Link(f"Service object {each}", each.get_absolute_url()) for each in objects),
        ],
    )
    return delivery, preview


def invoice_project_and_describe(
    project: Project,
    *,
    service: PrepaidService | None,
    until: datetime.date | None,
    on: datetime.date | None,
    actor,
) -> tuple[SalesDocument, Preview]:
    made = invoice_project(project, service=service, until=until, on=on, actor=actor)
    found = standing(made)
    preview = Preview(
        changes=[*_sums(made, found), *(_line(made, line) for line in found.items)],  # of hundreds of lines the first
        warnings=[*found.warnings, *_problem(found)],
        confirm_label=f"Create invoice of {formats.counted(len(found.items), 'lines')}",
        made=[_link(made)],
    )
    return made, shortened(preview)


def objects_of(delivery: Delivery) -> list[ServiceObject]:
    """What the delivery made, in the order of its lines."""
    found = ServiceObject.objects.filter(delivery_line__delivery=delivery).order_by("delivery_line__line__line_no")
    commitments = ServiceCommitment.objects.select_related("currency", "prepaid_service").prefetch_related("prices")
    return list(found.prefetch_related(Prefetch("commitments", commitments)))


def _object(made: ServiceObject) -> Iterator[Change]:
    """Its number is drawn anew at each rehearsal, so it is not read."""
    yield Change("Service object", "", quantity(made.quantity, made.unit_of_measure), note=made.description)
    for commitment in made.commitments.all():
        costs = [told_price(price, commitment) for price in commitment.prices.all()]
        yield Change(f"Service commitment, {commitment.description}", "", ", ".join(costs), note=told_terms(commitment))


def _items(order: SalesDocument) -> list[SalesLine]:
    return list(order.lines.filter(kind=Kind.ITEM).select_related("product").order_by("line_no"))


def _line(made: SalesDocument, line: SalesLine) -> Change:
    note = f"{quantity(line.quantity, line.unit_of_measure)} × {formats.money(line.unit_price, made.currency)}"
    if line.discount_percent:
        note += f" less {formats.exact(line.discount_percent)} %"
    return Change(f"{line.line_no}. {line.description}", "", formats.money(line.net, made.currency), note=note)


def _moved(line: SalesLine, before: Decimal, after: Decimal, what: str) -> Change:
    ordered = quantity(line.quantity, line.unit_of_measure)
    note = f"of {ordered} {what}" if before != after else f"of {ordered} {what}, unchanged"
    return Change(f"{line.line_no}. {line.description}", quantity(before), quantity(after), note=note)


def _state_of(order: SalesDocument, before: str) -> list[Change]:
    after = SalesDocument.objects.get(pk=order.pk).get_state_display()
    return [Change(f"Order {order}", before, after)] if before != after else []


def _sums(made: SalesDocument, found: Standing) -> list[Change]:
    """What the new document comes to; of an invoice also what its posting would cover as things stand."""
    vat = f"of it {formats.money(found.vat, made.currency)} VAT" if found.vat else ""
    gross = Change(made.get_type_display(), "", formats.money(found.gross, made.currency), note=vat)
    if made.type != Type.INVOICE or not found.covered:
        return [gross]
    covered, to_pay = (formats.money(amount, made.currency) for amount in (found.covered, found.to_pay))
    return [gross, Change("Prepaid covers", "", covered, note="as things stand"), Change("To pay", "", to_pay)]


def _problem(found: Standing) -> list[str]:
    return [found.problem] if found.problem else []


def _link(made: SalesDocument) -> Link:
    return Link(f"{made.get_type_display()} {made}", made.get_absolute_url())
