"""What processes made and people decided: read-only for everybody."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credits.admin.twins import twin
from credits.models import (
    Allocation,
    BreakageEstimate,
    Cancellation,
    Completion,
    Consumption,
    Correction,
    Milestone,
    PurchaseDateChange,
    Release,
)
from pages.admin import ReadOnly


class AmountTwins:
    value_per_credit_number = twin("value_per_credit", "internal value per credit number")
    amount_paid_per_credit_number = twin("amount_paid_per_credit", "amount paid per credit number")
    value_amount_number = twin("value_amount", "internal value of credits number")
    paid_amount_number = twin("paid_amount", "amount paid for credits number")


@admin.register(Consumption)
class ConsumptionAdmin(AmountTwins, ReadOnly, admin.ModelAdmin):
    list_display = ("id", "allocation", "consumption_type", "purchase", "milestone", "credits", "paid_amount_number")
    list_filter = ("consumption_type", "currency")
    list_select_related = ("allocation", "purchase", "milestone", "currency")
    search_fields = ("allocation__number", "purchase__number", "milestone__number")

    def get_fields(self, request: HttpRequest, obj: Consumption | None = None) -> Any:
        twins = [name for name in vars(AmountTwins) if name.endswith("_number")]
        return [*(field.name for field in Consumption._meta.fields), *twins]

    get_readonly_fields = get_fields


@admin.register(Allocation)
class AllocationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "allocation_type", "account", "milestone", "allocated_on", "credits")
    list_filter = ("allocation_type", "currency")
    list_select_related = ("account", "milestone", "currency")
    search_fields = ("number", "account__number", "milestone__number")
    readonly_fields = ("credits", "value_amount_number", "paid_amount_number")
    value_amount_number = twin("value_amount", "internal value of credits number")
    paid_amount_number = twin("paid_amount", "amount paid for credits number")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        rows: Any = super().get_queryset(request)
        return rows.with_totals()

    @admin.display(description="services credits")
    def credits(self, obj: Any) -> int:
        return obj.credits


@admin.register(Completion)
class CompletionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("milestone", "sequence", "actual_on", "earned_on", "entry", "reopened_at")
    list_select_related = ("milestone", "entry")
    search_fields = ("milestone__number",)


@admin.register(Milestone)
class MilestoneAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "number",
        "name",
        "project",
        "status",
        "target_on",
        "credits_needed",
        "credits_allocated",
        "actual_on",
    )
    list_filter = ("status",)
    list_select_related = ("project",)
    search_fields = ("number", "name")


@admin.register(PurchaseDateChange)
class PurchaseDateChangeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("purchase", "old_expires_on", "new_expires_on", "reason", "changed_by", "changed_at")
    list_select_related = ("purchase", "changed_by")
    search_fields = ("purchase__number", "reason")


@admin.register(Release)
class ReleaseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("event_key", "purchase", "cause", "units", "amount", "amount_lcy", "effective_on")
    list_filter = ("cause",)
    list_select_related = ("purchase",)
    search_fields = ("event_key", "purchase__number")


@admin.register(Correction)
class CorrectionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("purchase", "kind", "state", "requested_by", "requested_at", "decided_by", "decided_at")
    list_filter = ("kind", "state")
    list_select_related = ("purchase", "requested_by", "decided_by")
    search_fields = ("purchase__number", "reason")


@admin.register(Cancellation)
class CancellationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("purchase", "credits", "refunded", "kept", "refunded_lcy", "canceled_on")
    list_select_related = ("purchase",)
    search_fields = ("purchase__number",)


@admin.register(BreakageEstimate)
class BreakageEstimateAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("product_group", "expected_unused", "effective_on", "proposed_by", "approved_by", "approved_at")
    list_select_related = ("product_group", "proposed_by", "approved_by")
