"""What stands between a request and the views: how long a session lasts, who needs a second factor."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_otp.plugins.otp_totp.models import TOTPDevice

from pages.http import Request

GetResponse = Callable[[Request], HttpResponse]
Middleware = Callable[[Request], HttpResponse]

# Pages that a person without a verified second factor may reach.
OPEN_VIEWS = {"login", "logout", "second-factor-verify", "health", "favicon"}


def session_begins(sender: Any, request: Request, **kwargs: Any) -> None:
    """The clock starts with the sign-in."""
    request.session.update({"started_at": int(time.time()), "active_at": int(time.time())})


def session_limits(get_response: GetResponse) -> Middleware:
    """A session ends when nothing was done in it for a while, and after a working day in any case.

    Polling by a page that was left open (header X-Polling) is not doing something.
    """

    def middleware(request: Request) -> HttpResponse:
        if SESSION_KEY in request.session:
            reason = limit_reached(request.session, int(time.time()), polling="X-Polling" in request.headers)
            if reason:
                logout(request)
                messages.info(request, reason)
        return get_response(request)

    return middleware


def limit_reached(session: Any, now: int, *, polling: bool) -> str:
    """The sentence that ends the session, or nothing. Activity is written down at most once a minute."""
    started, active = session.get("started_at", 0), session.get("active_at", 0)
    if now - started >= settings.SESSION_MAX_SECONDS:
        return f"You were signed out: a session lasts {settings.SESSION_MAX_SECONDS // 3600} hours at most."
    if now - active >= settings.SESSION_IDLE_SECONDS:
        return f"You were signed out after {settings.SESSION_IDLE_SECONDS // 60} minutes without activity."
    if now - active >= 60 and not polling:
        session["active_at"] = now
    return ""


class SecondFactor:
    """Who has a second factor, or has to have one, shows it before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Request, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match and request.resolver_match.view_name
        if name in OPEN_VIEWS or not request.user.is_authenticated or request.user.is_verified():
            return None
        if TOTPDevice.objects.filter(user_id=request.user.pk, confirmed=True).exists():
            return redirect_to_login(request.get_full_path(), "second-factor-verify")
        if must_enrol(request.user) and name != "second-factor":
            return redirect("second-factor")
        return None


def must_enrol(user: Any) -> bool:
    if not settings.REQUIRE_SECOND_FACTOR:
        return False
    return user.is_superuser or user.groups.filter(name__in=settings.SECOND_FACTOR_GROUPS).exists()


def htmx_sign_in(get_response: GetResponse) -> Middleware:
    """A part of a page cannot hold the sign-in page: the whole page goes there."""
    gates = ("login", "second-factor", "second-factor-verify")

    def middleware(request: Request) -> HttpResponse:
        response = get_response(request)
        to = response.get("Location", "").split("?")[0]
        if request.htmx and response.status_code == 302 and to in map(resolve_url, gates):
            return HttpResponseClientRedirect(redirect_to_login(request.htmx.current_url_abs_path or "/", to).url)
        return response

    return middleware


def client_address(request: Request) -> str:
    """The address a sign-in comes from. Behind proxies, the one that the outermost of ours saw."""
    addresses = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if settings.PROXY_COUNT else []
    if len(addresses) >= settings.PROXY_COUNT > 0:
        return addresses[-settings.PROXY_COUNT].strip()
    return request.META.get("REMOTE_ADDR", "")
