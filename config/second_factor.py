"""The second factor: an authenticator app (TOTP), with codes on paper for the day the phone is lost."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView
from django_otp import login as mark_verified
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.devices import accept, check, drawn, issue_codes, readable
from config.security import must_enrol
from pages.forms import PageForm
from pages.http import Request

NEW_CODES = "new_backup_codes"
CODE = {"autocomplete": "one-time-code", "autofocus": True}


class CodeForm(PageForm):
    code = forms.CharField(
        max_length=16,
        help_text="Six digits from the app, or one of your backup codes.",
        widget=forms.TextInput(CODE),
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split()).lower()


class EnrolForm(CodeForm):
    code = forms.CharField(
        label="Code in the app",
        max_length=16,
        help_text="Six digits; they change every 30 seconds.",
        widget=forms.TextInput(CODE | {"inputmode": "numeric"}),
    )


@method_decorator(sensitive_post_parameters("code"), name="dispatch")
class Verify(LoginRequiredMixin, RedirectURLMixin, FormView):
    """After the password, whoever has a second factor shows it."""

    request: Request
    form_class = CodeForm
    template_name = "registration/verify.html"
    next_page = "home"
    extra_context = {"title": "Second factor"}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        device, problem = check(self.request.user, form.cleaned_data["code"])
        if problem:
            form.add_error("code", problem)
            return self.form_invalid(form)
        verified(self.request, device)
        return HttpResponseRedirect(self.get_success_url())


def verified(request: Request, device: Any) -> None:
    """The session is worth more from here on, so it gets a new key."""
    mark_verified(request, device)
    request.session.cycle_key()


@login_required
@require_http_methods(["GET", "POST"])
def manage(request: Request) -> HttpResponse:
    """Set up, confirm, new backup codes, replace: one page that shows where things stand."""
    if request.method == "POST":
        return STEPS.get(request.POST.get("step", ""), show)(request)
    return show(request)


def show(request: Request, form: EnrolForm | None = None) -> HttpResponse:
    devices = TOTPDevice.objects.filter(user=request.user)
    pending = devices.filter(confirmed=False).first()
    context = {
        "title": "Second factor",
        "active": devices.filter(confirmed=True).first(),
        "pending": pending,
        "qr": pending and drawn(pending.config_url),
        "secret": pending and readable(pending.bin_key),
        "codes": request.session.pop(NEW_CODES, None),
        "codes_left": StaticToken.objects.filter(device__user=request.user).count(),
        "form": form or EnrolForm(),
        "required": must_enrol(request.user),
    }
    return render(request, "registration/second_factor.html", context)


def start(request: Request) -> HttpResponse:
    TOTPDevice.objects.filter(user=request.user, confirmed=False).delete()
    TOTPDevice.objects.create(user=request.user, name="Authenticator app", confirmed=False)
    return redirect("second-factor")


def confirm(request: Request) -> HttpResponse:
    form = EnrolForm(request.POST)
    if not form.is_valid():
        return show(request, form)
    device = accept(request.user, form.cleaned_data["code"])
    if device is None:
        form.add_error("code", "This code is not right. Wait for the next one and check the phone's clock.")
        return show(request, form)
    verified(request, device)
    messages.success(request, "The second factor is on. Keep the backup codes somewhere safe: they are shown once.")
    return fresh_codes(request)


def fresh_codes(request: Request) -> HttpResponse:
    """Only for who has a second factor."""
    if request.user.is_verified():
        request.session[NEW_CODES] = issue_codes(request.user)
    return redirect("second-factor")


STEPS = {"start": start, "confirm": confirm, "codes": fresh_codes}
