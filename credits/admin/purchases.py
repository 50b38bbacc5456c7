"""Purchases: drafts are edited and confirmed, confirmed ones expire, all through the services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from credits.admin.twins import twin
from credits.models import Purchase
from credits.services.expire import expire_purchase
from credits.services.purchases import confirm_purchase, edit_draft
from credits.services.terms import Terms
from pages.admin import ReadOnly
from pages.preview import rehearse
from pages.refusals import Refused

TERMS = list(Terms.__dataclass_fields__)


class DraftForm(forms.ModelForm):
    """Asks the service whether the draft may become this, and puts its refusal at its field."""

    def terms(self) -> Terms:
        kept = {name: getattr(self.instance, name) for name in TERMS}
        return Terms(**kept | {name: value for name, value in self.cleaned_data.items() if name in TERMS})

    def clean(self) -> None:
        if self.errors:
            return
        try:
            rehearse(lambda: edit_draft(self.instance, self.terms(), actor=None))
        except Refused as refused:
            self.add_error(refused.field if refused.field in self.fields else None, refused.message)


@admin.register(Purchase)
class PurchaseAdmin(ReadOnly, admin.ModelAdmin):
    form = DraftForm
    list_display = (
        "number", "account", "currency", "number_of_credits", "credits_available", "expires_on", "draft", "deferred",
    )  # fmt: skip
    list_filter = ("draft", "currency")
    list_select_related = ("account", "currency")
    search_fields = ("number", "account__number", "account__name")
    raw_id_fields = ("account",)
    actions = ("expire", "confirm")
    value_per_credit_number = twin("value_per_credit", "value per credit number")
    amount_paid_per_credit_number = twin("amount_paid_per_credit", "amount paid per credit number")

    def has_change_permission(self, request: HttpRequest, obj: Purchase | None = None) -> bool:
        """Of a draft, through `edit_draft`."""
        return request.user.has_perm("credits.manage_purchases") and (obj is None or obj.draft)

    def has_view_permission(self, request: HttpRequest, obj: Purchase | None = None) -> bool:
        return request.user.has_perm("credits.view_purchase")

    def get_fields(self, request: HttpRequest, obj: Purchase | None = None) -> Any:
        own = [field.name for field in Purchase._meta.fields if field.name not in ("id", *TERMS)]
        return [*TERMS, *own, "value_per_credit_number", "amount_paid_per_credit_number"]

    def get_readonly_fields(self, request: HttpRequest, obj: Purchase | None = None) -> list[str]:
        fixed = ["account"] if obj and obj.confirmations else []
        return [*fixed, *(name for name in self.get_fields(request, obj) if name not in TERMS)]

    def save_model(self, request: HttpRequest, obj: Purchase, form: DraftForm, change: bool) -> None:
        edit_draft(obj, form.terms(), actor=request.user)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What was refused only on saving, because it changed in between, is said as well."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(request.get_full_path())

    def has_expire_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("credits.expire_purchases")

    @admin.action(description="Expire what is left", permissions=["expire"])
    def expire(self, request: HttpRequest, queryset: QuerySet[Purchase]) -> None:
        each(request, queryset, expire_purchase, "expired")

    @admin.action(description="Confirm drafts", permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Purchase]) -> None:
        each(request, queryset, confirm_purchase, "confirmed")


def each(request: HttpRequest, purchases: QuerySet[Purchase], service: Callable, done: str) -> None:
    """One by one, each in its own transaction: what is refused is said and stops none of the others."""
    count = 0
    for purchase in purchases.order_by("id"):
        try:
            service(purchase, actor=request.user)
            count += 1
        except Refused as refused:
            messages.error(request, refused.message)
    if count:
        messages.success(request, f"{count} {'purchase is' if count == 1 else 'purchases are'} {done}.")
