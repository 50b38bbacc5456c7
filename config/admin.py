"""The stock admin, whose changes are signed like those of the pages."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from pages.signing import sign


class SignedSite(AdminSite):
    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Whatever is sent is done in one transaction, in the name of who sends it."""

        def signed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            with transaction.atomic():
                sign(request.user, "Admin")
                return view(request, *args, **kwargs)

        signed.csrf_exempt = getattr(view, "csrf_exempt", False)  # type: ignore[attr-defined]
        return super().admin_view(signed, cacheable)


class SignedAdmin(AdminConfig):
    default_site = "config.admin.SignedSite"
