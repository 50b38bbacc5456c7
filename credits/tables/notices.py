from typing import Any

from django.utils.functional import cached_property

from credits.models import Notice, NoticeMail
from credits.reports.holdings import soon_days
from credits.reports.notices import TONES, what
from credits.tables.columns import ExpiryColumn, hidden
from ledger.tables.journal import BooksTable, MomentColumn, TextColumn
from pages import markup
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn, NumberColumn


class NoticeStateColumn(BadgeColumn):
    """Open, or since when it is settled."""

    def render(self, value: Any, record: Notice, bound_column: Any) -> str:
        return markup.badge("Settled" if record.settled_on else "Open", "neutral" if record.settled_on else "warn")

    def value(self, value: Any, record: Notice | None = None) -> str:
        return "Settled" if record and record.settled_on else "Open"


class NoticeTable(BooksTable):
    about = LinkColumn(orderable=False, verbose_name="Notice")
    kind = BadgeColumn(tones=TONES)
    account = LinkColumn(linkify=True, order_by="account__number")
    what = TextColumn(empty_values=(), orderable=False, verbose_name="When it was told")
    due_on = ExpiryColumn(verbose_name="Date")
    raised_on = DayColumn()
    state = NoticeStateColumn(empty_values=(), order_by="settled_on")

    account_number = hidden("Account number", "account__number")
    purchase = hidden("Purchase", "purchase__number")
    milestone = hidden("Milestone", "milestone__number")
    currency = hidden("Currency", "currency_id")
    credits = CreditsColumn(visible=False)
    threshold = NumberColumn(visible=False)
    settled_on = DayColumn(visible=False)
    mailed_at = MomentColumn(verbose_name="Mailed", accessor="mail__sent_at", visible=False)

    class Meta:
        model = Notice
        fields = ("about", "kind", "account", "what", "due_on", "raised_on", "state")

    @cached_property
    def soon_days(self) -> int:
        return soon_days()

    def render_what(self, record: Notice) -> str:
        return what(record)

    def value_what(self, record: Notice) -> str:
        return what(record)

    def render_due_on(self, value: Any, record: Notice, column: ExpiryColumn) -> str:
        """How far away matters while the notice is open."""
        return markup.day(value) if record.settled_on else column.render(value, self)

    def value_due_on(self, value: Any) -> Any:
        return value


class NoticeMailTable(BooksTable):
    subject = LinkColumn()
    told = NumberColumn(verbose_name="Notices")
    recipients = TextColumn(orderable=False)
    sent_at = MomentColumn(verbose_name="Sent")
    attempts = NumberColumn()
    last_error = TextColumn(orderable=False, verbose_name="What went wrong")
    created_at = MomentColumn(verbose_name="Written", visible=False)

    class Meta:
        model = NoticeMail
        fields = ("subject", "told", "recipients", "sent_at", "attempts", "last_error")

    def render_recipients(self, value: list[str]) -> str:
        return ", ".join(value)

    def value_recipients(self, value: list[str]) -> str:
        return ", ".join(value)
