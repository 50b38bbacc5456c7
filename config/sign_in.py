"""Signing in, locked out after too many tries, changing the password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.forms import PasswordChangeForm as DjangoPasswordForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy

from pages.forms import Paged


class SignInForm(Paged, AuthenticationForm):
    layout = ("username", "password")


class PasswordForm(Paged, DjangoPasswordForm):
    layout = ("old_password", "new_password1", "new_password2")


class SignIn(LoginView):
    form_class = SignInForm
    extra_context = {"title": "Sign in"}


class ChangePassword(PasswordChangeView):
    form_class = PasswordForm
    success_url = reverse_lazy("home")
    extra_context = {"title": "Change password"}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is changed. Your other sessions are signed out.")
        return super().form_valid(form)


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    locked = (
        f"Too many wrong passwords for this user from this address. Try again in {minutes} minutes, "
        "or ask an administrator to reset the lock."
    )
    context = {"title": "Sign in", "form": SignInForm(request), "locked": locked}
    return render(request, "registration/login.html", context, status=429)
