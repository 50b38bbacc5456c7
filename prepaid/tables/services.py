from typing import Any

from django.urls import reverse

from pages import markup
from pages.elements import Action
from pages.formats import NOTHING
from pages.tables import DayColumn, LinkColumn, MenuColumn, Table
from prepaid.models import PrepaidService
from prepaid.tables.columns import AmountColumn, PickColumn, UnitsColumn, hidden


def row_actions(service: PrepaidService) -> list[Action]:
    """The commonest of the service's actions; its page has them all, with reasons."""
    ledger = f"{reverse('prepaid:entry-list')}?service={service.number}"
    return [
        Action("Ledger entries", ledger, permission="prepaid.view_prepaidentry"),
        Action("Statement", reverse("prepaid:statement", args=[service.pk]), permission="prepaid.view_prepaidentry"),
        Action("Edit", reverse("prepaid:service-edit", args=[service.pk]), permission="prepaid.manage_services"),
    ]


class ValidUntilColumn(DayColumn):
    """The earliest last day of what is left; unlimited where nothing of it has one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(away=True, empty_values=(), **kwargs)

    def render(self, value: Any, table: Any, record: Any = None) -> str:
        if value is not None:
            return super().render(value, table)
        return "unlimited" if record.outstanding or record.outstanding_quantity else NOTHING


class ServiceTable(Table):
    number = LinkColumn(verbose_name="No.")
    account = LinkColumn(linkify=True, order_by="account__number")
    type = LinkColumn(linkify=False, order_by=("accrual", "type"))
    outstanding = UnitsColumn("Outstanding", "outstanding", "outstanding_quantity")
    next_valid_until = ValidUntilColumn(verbose_name="Next valid until")
    pick = PickColumn("service", cannot=lambda record: record.closed)
    actions = MenuColumn(row_actions)

    account_number = hidden("Account no.", "account__number")
    account_name = hidden("Account name", "account__name")
    accrual = hidden("Accrual", "get_accrual_display")
    currency = hidden("Currency", "currency_id")
    unit_of_measure = hidden("Unit of measure", "unit_of_measure")
    outstanding_amount = AmountColumn(verbose_name="Outstanding amount", accessor="outstanding", visible=False)
    outstanding_lcy = hidden("Outstanding amount (LCY)", "outstanding_lcy")
    outstanding_quantity = hidden("Outstanding quantity", "outstanding_quantity")
    used = AmountColumn(verbose_name="Posted usage amount", visible=False)
    used_lcy = hidden("Posted usage amount (LCY)", "used_lcy")
    used_quantity = hidden("Posted usage quantity", "used_quantity")
    deferred = AmountColumn(visible=False)
    starts_on = DayColumn(visible=False)
    ends_on = DayColumn(visible=False)
    valid_until_formula = hidden("Valid until dateformula", "valid_until_formula")
    dimension_value = hidden("Dimension value", "dimension_value")
    closed = hidden("Closed", "closed")

    class Meta:
        model = PrepaidService
        fields = ("number", "account", "description", "type", "outstanding", "next_valid_until", "pick", "actions")

    def render_type(self, record: PrepaidService) -> str:
        kind = f"{record.get_accrual_display()} · {record.get_type_display().lower()}"
        return kind if not record.closed else markup.badge("Closed") + " " + kind

    def value_type(self, record: PrepaidService) -> str:
        return record.get_type_display()
