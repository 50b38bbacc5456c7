import django_tables2 as tables

from credits.models import Correction
from credits.tables.columns import AmountColumn, NumberLinkColumn, hidden
from ledger.tables.journal import BooksTable, MomentColumn, PersonColumn, TextColumn
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn

TONES = {"requested": "warn", "approved": "good", "declined": "bad", "withdrawn": "neutral"}


class CorrectionTable(BooksTable):
    kind = LinkColumn()
    purchase = NumberLinkColumn(linkify=lambda record: record.purchase.get_absolute_url(), order_by="purchase__number")
    account = LinkColumn(
        linkify=lambda record: record.purchase.account.get_absolute_url(),
        accessor="purchase__account__name",
        verbose_name="Account",
    )
    state = BadgeColumn(tones=TONES)
    credits = CreditsColumn(verbose_name="Credits to cancel")
    reason = TextColumn()
    requested_by = PersonColumn(verbose_name="Asked for by")

    account_number = hidden("Account number", "purchase__account__number")
    currency = hidden("Currency", "purchase__currency_id")
    new_expires_on = DayColumn(visible=False)
    kept_percent = tables.Column(visible=False)
    refunded = AmountColumn(visible=False, accessor="cancellation__refunded", currency="purchase__currency")
    kept = AmountColumn(visible=False, accessor="cancellation__kept", currency="purchase__currency")
    requested_at = MomentColumn(visible=False)
    decided_by = PersonColumn(visible=False)
    decided_at = MomentColumn(visible=False)
    decision_note = tables.Column(visible=False)

    class Meta:
        model = Correction
        fields = ("kind", "purchase", "account", "state", "credits", "reason", "requested_by")
