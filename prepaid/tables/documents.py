import django_tables2 as tables

from pages import markup
from pages.tables import BadgeColumn, DayColumn, LinkColumn, Table
from prepaid.models import SalesDocument
from prepaid.tables.columns import AmountColumn, hidden

TONES = {"open": "neutral", "released": "info", "posted": "good", "done": "good"}


class DocumentTable(Table):
    number = LinkColumn(verbose_name="No.", order_by=("posted_number", "number"))
    type = tables.Column(verbose_name="Type")
    account = LinkColumn(linkify=True, order_by="account__number")
    posted_on = DayColumn(verbose_name="Posting date")
    state = BadgeColumn(tones=TONES)
    net = AmountColumn(verbose_name="Net")
    gross = AmountColumn(verbose_name="Gross")

    posted_number = hidden("Posted no.", "posted_number")
    account_name = hidden("Account name", "account__name")
    bill_to = hidden("Bill-to account", "bill_to__number")
    currency = hidden("Currency", "currency_id")
    vat = AmountColumn(verbose_name="VAT", visible=False)
    document_on = DayColumn(verbose_name="Document date", visible=False)
    due_on = DayColumn(verbose_name="Due date", visible=False)
    external_reference = hidden("External reference", "external_reference")
    corrects = hidden("Corrects", "corrects__posted_number")
    posted_at = hidden("Posted at", "posted_at")

    class Meta:
        model = SalesDocument
        fields = ("number", "type", "account", "posted_on", "state", "net", "gross")

    def render_number(self, record: SalesDocument) -> str:
        """The posted number where there is one."""
        return markup.whole(record)

    def value_number(self, record: SalesDocument) -> str:
        return record.number

    def value_account(self, record: SalesDocument) -> str:
        return record.account.number
