"""The stock admin for corrections. It keeps the rules of the pages: numbers come from their series, lines are priced on the
page of their opportunity, and who may not manage customers changes nothing here either."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from opportunities.exceptions import BadBillTo
from opportunities.forms import ProductForm
from opportunities.models import Account, Opportunity, OpportunityLine, Product, Project
from opportunities.services.accounts import check_bill_to
from opportunities.services.numbers import free_number


class Managed(admin.ModelAdmin):
    """Changing needs the permission of the pages; deleting, which only what nothing refers to survives, the admin's own."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("opportunities.manage_customers")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("opportunities.manage_customers")


class Numbered(Managed):
    readonly_fields = ("number",)
    fixed: tuple[str, ...] = ()  # once it is there

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *self.fixed) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.number = obj.number or free_number(type(obj))
        obj.save()


class BillToForm(forms.ModelForm):
    def clean_bill_to(self) -> Account | None:
        payer = self.cleaned_data["bill_to"]
        try:
            check_bill_to(self.instance if self.instance.pk else None, payer)
        except BadBillTo as refused:
            raise forms.ValidationError(refused.message) from refused
        return payer


@admin.register(Account)
class AccountAdmin(Numbered):
    form = BillToForm
    list_display = ("number", "name", "currency", "business_group", "bill_to")
    list_select_related = ("currency", "business_group", "bill_to")
    list_filter = ("currency", "business_group")
    search_fields = ("number", "name")
    autocomplete_fields = ("bill_to",)


@admin.register(Product)
class ProductAdmin(Managed):
    form = ProductForm
    list_display = ("code", "name", "unit_price", "currency", "services_credits", "product_group", "prepaid_service")
    list_select_related = ("currency", "product_group")
    list_filter = ("currency", "product_group")
    search_fields = ("code", "name")


class LineInline(admin.TabularInline):
    """To be read; a line is entered and priced on the page of its opportunity."""

    model = OpportunityLine
    fields = readonly_fields = (
        "line_no", "description", "product", "quantity", "unit_price", "discount_percent", "services_credits", "total",
    )  # fmt: skip
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpportunityLine]:
        return super().get_queryset(request).select_related("product", "opportunity")


@admin.register(Opportunity)
class OpportunityAdmin(Numbered):
    list_display = ("number", "name", "account", "stage", "closes_on", "currency")
    list_select_related = ("account", "currency")
    list_filter = ("stage", "currency")
    search_fields = ("number", "name", "account__name")
    date_hierarchy = "closes_on"
    autocomplete_fields = ("account",)
    fixed = ("account", "currency")
    inlines = (LineInline,)


@admin.register(Project)
class ProjectAdmin(Numbered):
    list_display = ("number", "name", "account", "currency")
    list_select_related = ("account", "currency")
    list_filter = ("currency",)
    search_fields = ("number", "name", "account__name")
    autocomplete_fields = ("account",)
    fixed = ("account", "currency")
