from typing import Any

import django_tables2 as tables
from django.utils.html import format_html

from pages import markup
from pages.tables import DayColumn, LinkColumn, Table
from prepaid.models import ContractDeferral
from prepaid.tables.columns import AmountColumn, hidden


class DeferralTable(Table):
    number = LinkColumn(accessor="pk", verbose_name="No.", order_by="pk")
    contract = tables.Column(order_by="contract__number")
    document = LinkColumn(
        accessor="line__document",
        linkify=lambda record: record.line.document.get_absolute_url(),
        verbose_name="Invoice",
        order_by="line__document__sequence",
    )
    starts_on = DayColumn(verbose_name="Period")
    amount = AmountColumn(verbose_name="Amount")
    released = AmountColumn(verbose_name="Released")
    waits = AmountColumn(verbose_name="Waits")

    ends_on = DayColumn(visible=False, verbose_name="To")
    credited = AmountColumn(visible=False, verbose_name="Closed by credit memos")
    currency = hidden("Currency", "currency_id")
    amount_lcy = hidden("Amount (LCY)", "amount_lcy")
    exchange_rate = hidden("Exchange rate", "exchange_rate")
    account = hidden("Account no.", "account__number")
    account_name = hidden("Account name", "account__name")
    commitment = hidden("Service commitment", "commitment")
    product_group = hidden("Product posting group", "product_group_id")
    deferral_account = hidden("Deferral account", "deferral_account_id")
    revenue_account = hidden("Revenue account", "revenue_account_id")

    class Meta:
        model = ContractDeferral
        fields = ("number", "contract", "document", "starts_on", "amount", "released", "waits")

    def render_number(self, record: ContractDeferral) -> str:
        return markup.whole(record)

    def value_number(self, record: ContractDeferral) -> str:
        return str(record)

    def render_contract(self, record: ContractDeferral) -> str:
        name = markup.whole(record.contract.number)
        link = format_html('<a href="{}">{}</a>', record.contract.get_absolute_url(), name)
        return format_html('{}<div class="quiet small">{}</div>', link, record.account.name)

    def value_contract(self, record: ContractDeferral) -> str:
        return record.contract.number

    def render_starts_on(self, record: Any) -> str:
        return format_html("{} – {}", markup.day(record.starts_on), markup.day(record.ends_on))
