import django_tables2 as tables

from ledger.tables.journal import BooksTable, MomentColumn, PersonColumn, TextColumn
from pages.tables import BadgeColumn, DayColumn, LinkColumn
from prepaid.models import EntryRequest
from prepaid.tables.columns import AmountColumn, UnitsColumn, hidden

TONES = {"requested": "warn", "posted": "good", "declined": "bad", "withdrawn": "neutral"}


class EntryRequestTable(BooksTable):
    entry_type = LinkColumn()
    service = LinkColumn(linkify=True, verbose_name="Prepaid service", order_by="service__number")
    state = BadgeColumn(tones=TONES)
    posted_on = DayColumn()
    units = UnitsColumn("Amount or quantity", "amount", "quantity", service="service")
    reason = TextColumn()
    requested_by = PersonColumn(verbose_name="Asked for by")

    account_number = hidden("Account number", "service__account__number")
    account_name = hidden("Account", "service__account__name")
    currency = hidden("Currency", "service__currency_id")
    amount = AmountColumn(visible=False, currency="service__currency")
    quantity = hidden("Quantity", "quantity")
    valid_until = DayColumn(visible=False)
    quantity_only = tables.Column(visible=False)
    product_group = hidden("Product posting group", "product_group_id")
    balancing_account = hidden("Balancing account", "balancing_account_id")
    document_no = tables.Column(visible=False)
    requested_at = MomentColumn(visible=False)
    decided_by = PersonColumn(visible=False)
    decided_at = MomentColumn(visible=False)
    decision_note = tables.Column(visible=False)

    class Meta:
        model = EntryRequest
        fields = ("entry_type", "service", "state", "posted_on", "units", "reason", "requested_by")
