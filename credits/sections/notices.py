"""What services credits put on the home page and on the page of an account: the notices that are open."""

from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse

from credits.models import Notice
from credits.models.notices import NoticeQuerySet
from credits.reports.notices import TONES, unsent, what
from opportunities.models import Account
from pages.http import Request
from pages.sections import register

SHOWN = 8
VIEW = "credits.view_notice"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("home", all_open, order=5, permission=VIEW)
    register("account", open_of_account, order=25, permission=VIEW)


def all_open(request: Request, nothing: None) -> str | None:
    return section(request, Notice.objects.open(), {}, with_account=True, unsent=unsent())


def open_of_account(request: Request, account: Account) -> str | None:
    return section(request, Notice.objects.open().filter(account=account), {"account": account.number})


def section(request: Request, notices: NoticeQuerySet, asked: dict[str, str], **context: Any) -> str | None:
    """The newest of them, the most urgent of a night first, with how many there are and the list behind them; nothing where
    there are none and every mail was sent."""
    shown = list(notices.with_what_is_shown()[: SHOWN + 1])
    if not shown and not context.get("unsent"):
        return None
    context |= {
        "notices": [(notice, what(notice), TONES[Notice.Kind(notice.kind)]) for notice in shown[:SHOWN]],
        "count": notices.count() if len(shown) > SHOWN else len(shown),
        "url": f"{reverse('credits:notice-list')}?{urlencode(asked | {'state': 'open'})}",
    }
    return render_to_string("credits/notice_section.html", context, request)
