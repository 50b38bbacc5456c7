"""What the night told: the notices, and the mails that were sent about them."""

from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse

from credits.filters.notices import NoticeFilter, NoticeMailFilter
from credits.models import CreditsSetup, Notice, NoticeMail
from credits.reports.notices import unsent
from credits.tables.notices import NoticeMailTable, NoticeTable
from ledger.dates import company_time_zone
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure
from pages.views import DetailPage, ListPage

VIEW_MAIL = "credits.view_noticemail"


class NoticeList(ListPage):
    permission_required = "credits.view_notice"
    title = "Notices"
    lead = "What the night found of the credits, told once. The figures are those of that night."
    template_name = "credits/notice_list.html"
    filterset_class = NoticeFilter
    table_class = NoticeTable
    currency = None
    empty = (
        "The night tells here, once, which credits expire soon, which balances are low and which milestones are short of "
        "credits. Nothing was to be told yet."
    )

    def get_queryset(self) -> QuerySet[Notice]:
        return Notice.objects.with_what_is_shown()

    def get_actions(self) -> list[Action]:
        return [Action("Mails", reverse("credits:notice-mail-list"), permission=VIEW_MAIL)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(unsent=unsent(), **kwargs)


class NoticeMailList(ListPage):
    permission_required = VIEW_MAIL
    title = "Mails with notices"
    filterset_class = NoticeMailFilter
    table_class = NoticeMailTable
    currency = None
    empty = "After a night with something new, a mail goes to those whom the settings of services credits name."

    @property
    def lead(self) -> str:  # type: ignore[override]
        """Who gets them, and where they go while this installation sends no mail."""
        named = (
            ", ".join(CreditsSetup.current().notice_recipients) or "nobody: the settings of services credits name none"
        )
        stays = (
            ""
            if "smtp" in settings.EMAIL_BACKEND
            else " No mail leaves this installation: EMAIL_URL names no mail server."
        )
        return f"Sent after the night to {named}.{stays}"

    def get_queryset(self) -> QuerySet[NoticeMail]:
        return NoticeMail.objects.annotate(told=Count("notices"))

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Notices", reverse("credits:notice-list"))]


class NoticeMailPage(DetailPage):
    permission_required = VIEW_MAIL
    queryset = NoticeMail.objects.annotate(told=Count("notices"))
    template_name = "credits/notice_mail.html"

    def get_badge(self) -> Badge:
        if self.object.sent_at:
            return Badge("Sent", "good")
        return Badge("Not sent yet", "bad" if self.object.attempts else "info")

    def get_breadcrumb(self) -> list[Crumb]:
        notices, mails = reverse("credits:notice-list"), reverse("credits:notice-mail-list")
        return [Crumb("Notices", notices), Crumb("Mails", mails)]

    def get_figures(self) -> list[Figure]:
        rows = f"{reverse('credits:notice-list')}?mail={self.object.pk}"
        return [
            Figure("Notices", markup.credits(self.object.told), rows),
            Figure("Attempts", markup.credits(self.object.attempts)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(zone=company_time_zone(), **kwargs)
