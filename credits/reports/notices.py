"""Notices as they are read: the same words and the same dates on pages, in exports and in the mail."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Count

from credits.models import Notice, NoticeMail
from credits.models.notices import NoticeQuerySet
from pages import formats

Kind = Notice.Kind
TONES = {Kind.EXPIRING: "warn", Kind.LOW_BALANCE: "info", Kind.SHORT: "bad"}
IN_ONE_MAIL = 100  # of each kind; for the rest there is the list


@dataclass
class Group:
    """The notices of a kind, in a mail."""

    label: str
    count: int
    lines: list[tuple[str, str]] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def what(notice: Notice) -> str:
    """The figures of a notice, as they were when it was told."""
    credits, threshold = (
        formats.counted(notice.credits, f"{notice.currency_id} credits"),
        formats.number(notice.threshold),
    )
    if notice.kind == Kind.EXPIRING:
        return f"{credits} left, within {formats.counted(notice.threshold, 'days')} of expiry"
    if notice.kind == Kind.LOW_BALANCE:
        return f"{credits} available, fewer than {threshold}"
    return f"{credits} missing of {threshold}"


def when(notice: Notice) -> str:
    """The day that a notice is about."""
    if notice.due_on is None:
        return ""
    return f"{'last usable day' if notice.kind == Kind.EXPIRING else 'target date'} {formats.day(notice.due_on)}"


def sentence(notice: Notice) -> str:
    found = (f"{notice.about}, {notice.account.name}: {what(notice)}", when(notice))
    return "; ".join(part for part in found if part)


def groups(notices: NoticeQuerySet) -> list[Group]:
    """By kind, the most urgent first, with absolute addresses."""
    counts = dict(notices.order_by().values_list("kind").annotate(Count("pk")))
    return [
        Group(kind.label, counts[kind], list(_lines(notices.filter(kind=kind)))) for kind in Kind if counts.get(kind)
    ]


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def unsent() -> list[NoticeMail]:
    """Mails that were tried and could not be sent, the oldest first."""
    return list(NoticeMail.objects.filter(sent_at=None, attempts__gt=0).order_by("id")[:20])


def _lines(notices: Any) -> Iterable[tuple[str, str]]:
    shown = notices.with_what_is_shown().order_by("due_on", "account__name", "id")[:IN_ONE_MAIL]
    return ((sentence(notice), absolute(notice.get_absolute_url())) for notice in shown)
