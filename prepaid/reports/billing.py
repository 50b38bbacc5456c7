"""What a credit memo frees to be billed again, and what not. A line of a sales document bills what it refers to until posted
credit memos have taken back all of it; an order takes nothing back."""

from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

from opportunities.reports.usage import narrow
from prepaid.models import SalesDocument, SalesLine


def still_billing(lines: QuerySet[Any]) -> QuerySet[Any]:
    """The same as `prepaid_line_credited_whole` of the database, the other way round."""
    posted = SalesLine.objects.filter(corrects_line=OuterRef("pk"), document__state=SalesDocument.State.POSTED)
    credited = posted.order_by().values("corrects_line").annotate(total=Sum("quantity")).values("total")
    return lines.alias(credited=Subquery(credited)).filter(Q(credited=None) | Q(credited__lt=F("quantity")))


def register_all() -> None:
    """Called once, when the apps are ready."""
    narrow(SalesLine, still_billing)


def not_again(invoice: SalesDocument | None) -> list[str]:
    """The sentence that an order takes nothing back, for an invoice that was made of one."""
    order = invoice and invoice.made_from
    if order is None or order.type != SalesDocument.Type.ORDER:
        return []
    return [
        f"What is credited is not invoiced again from order {order}, which stays invoiced. Make a new order or invoice for"
        " what is to be billed once more."
    ]
