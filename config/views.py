"""Home, health and the pages of errors."""

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.generic import RedirectView, TemplateView

from pages.sections import collect
from pages.views import Page


class Home(Page, TemplateView):
    """What needs attention: sections of the slot "home", registered by the apps."""

    permission_required = ()
    template_name = "home.html"

    def get_title(self) -> str:
        user = self.request.user
        return f"Hello, {user.first_name or user.get_username()}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(attention=list(collect("home", self.request)), **kwargs)


def health(request: HttpRequest) -> HttpResponse:
    """200 while this process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


class Favicon(RedirectView):
    """The stock admin asks for /favicon.ico, whatever its pages say."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return static("img/favicon.svg")


def refused(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """An error inside the shell, for whoever is signed in."""
    signed_in = getattr(request, "user", None) and request.user.is_authenticated
    layout = "base.html" if signed_in else "plain.html"
    return render(request, "error.html", {"layout": layout, "title": title, "text": text}, status=status)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = str(exception) or "Your role does not include this page. An administrator can add you to a group that does."
    return refused(request, 403, "Not for your role", text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = "The form was open for too long or came from elsewhere, so nothing was saved. Load the page and try again."
    return refused(request, 403, "The form is no longer valid", text)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refused(request, 404, "No such page", "The address is wrong, or what it led to was removed.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Comes before anybody is known, so it stands without the shell."""
    return bare(request, 400, "The request cannot be read", "Load the page anew and try again.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing may be relied on here: no user, no database."""
    text = "Nothing was saved. The fault is in the log under this number; give it to whoever looks after Drawdown."
    return bare(request, 500, "Something went wrong here", text)


def bare(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    trace = getattr(request, "id", "-")
    try:
        page = render_to_string("error.html", {"layout": "plain.html", "title": title, "text": text, "trace": trace})
    except Exception:  # a page that says what happened must not fail for its looks
        return HttpResponse(f"{title}. {text} ({trace})", status=status, content_type="text/plain")
    return HttpResponse(page, status=status)
