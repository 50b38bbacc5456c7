"""The settings of services credits, and the rules of one customer: saved by their services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from credits.forms.settings import STATUSES, Choices
from credits.models import AccountRules, CreditsSetup
from credits.services.account_rules import change_account_rules
from credits.services.setup import Settings, change_setup, refusal_of_low_balance, refusal_to_change
from pages.admin import OneRow


class SetupForm(forms.ModelForm):
    """Asks the service whether the setup may say this."""

    statuses_without_allocation = Choices(choices=STATUSES, required=False)

    def clean(self) -> None:
        if not self.errors and (refusal := refusal_to_change(self.settings())):
            self.add_error(refusal.field, refusal.message)

    def settings(self) -> Settings:
        return Settings(**{name: self.cleaned_data[name] for name in Settings.__dataclass_fields__})


@admin.register(CreditsSetup)
class CreditsSetupAdmin(OneRow):
    form = SetupForm

    def save_model(self, request: HttpRequest, obj: CreditsSetup, form: SetupForm, change: bool) -> None:
        obj.pk = change_setup(form.settings(), actor=request.user).pk


class RulesForm(forms.ModelForm):
    def clean_low_balance_credits(self) -> int | None:
        credits = self.cleaned_data["low_balance_credits"]
        if refusal := refusal_of_low_balance(credits):
            raise forms.ValidationError(refusal.message)
        return credits


@admin.register(AccountRules)
class AccountRulesAdmin(admin.ModelAdmin):
    """A customer gets rules of its own on its page."""

    form = RulesForm
    list_display = ("account", "unclaimed_property", "low_balance_credits")
    list_select_related = ("account",)
    search_fields = ("account__number", "account__name")
    readonly_fields = ("account",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccountRules | None = None) -> bool:
        return request.user.has_perm("credits.change_creditssetup")

    def has_delete_permission(self, request: HttpRequest, obj: AccountRules | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: AccountRules, form: RulesForm, change: bool) -> None:
        changed: dict[str, Any] = {name: getattr(obj, name) for name in ("unclaimed_property", "low_balance_credits")}
        change_account_rules(obj.account, **changed, actor=request.user)
