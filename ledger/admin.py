"""The books in the admin, for what is set up. What is posted is read-only here: there is one door to the journal."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ledger.models import (
    AccountingPeriod,
    BatchRun,
    BatchStep,
    BusinessPostingGroup,
    Currency,
    ExchangeRate,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    LedgerSetup,
    NumberSeries,
    PeriodReopening,
    PostingSetup,
    ProductPostingGroup,
    VatBusinessGroup,
    VatPostingSetup,
    VatProductGroup,
)
from pages.admin import OneRow, ReadOnly


class CodeIsFixed(admin.ModelAdmin):
    """The code is the key: with another one it would be another row."""

    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()


@admin.register(LedgerAccount)
class LedgerAccountAdmin(CodeIsFixed):
    list_display = ("code", "name", "category", "direct_posting", "blocked")
    list_filter = ("category", "direct_posting", "blocked")


@admin.register(BusinessPostingGroup, ProductPostingGroup, VatBusinessGroup, VatProductGroup)
class PostingGroupAdmin(CodeIsFixed):
    list_display = ("code", "name")


@admin.register(PostingSetup)
class PostingSetupAdmin(admin.ModelAdmin):
    list_display = ("__str__", *PostingSetup.ACCOUNTS, "blocked")
    list_select_related = PostingSetup.ACCOUNTS
    list_filter = ("business_group", "product_group", "blocked")


@admin.register(VatPostingSetup)
class VatPostingSetupAdmin(admin.ModelAdmin):
    list_display = ("__str__", "percent", "account")
    list_select_related = ("account",)
    list_filter = ("business_group", "product_group")


class CurrencyForm(forms.ModelForm):
    def clean_decimals(self) -> int:
        decimals, code = self.cleaned_data["decimals"], self.instance.pk
        if code and decimals != self.initial["decimals"] and is_posted_in(code):
            raise ValidationError(f"{code} is posted in, so its decimals stay {self.initial['decimals']}.")
        return decimals


def is_posted_in(code: str) -> bool:
    """Whether amounts of the currency stand in the books, its own or as LCY."""
    own = JournalEntry.objects.filter(currency=code).exists()
    return own or (LedgerSetup.objects.filter(lcy=code).exists() and JournalEntry.objects.exists())


@admin.register(Currency)
class CurrencyAdmin(CodeIsFixed):
    form = CurrencyForm
    list_display = ("code", "name", "decimals")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(admin.ModelAdmin):
    list_display = ("currency", "starting_on", "rate")
    list_filter = ("currency",)
    date_hierarchy = "starting_on"


class LedgerSetupForm(forms.ModelForm):
    def clean_lcy(self) -> Currency:
        lcy = self.cleaned_data["lcy"]
        if self.instance.lcy_id and lcy.pk != self.initial["lcy"] and JournalEntry.objects.exists():
            raise ValidationError(f"The local currency stays {self.initial['lcy']}: amounts are posted in it.")
        return lcy


@admin.register(LedgerSetup)
class LedgerSetupAdmin(OneRow):
    """With the key 1."""

    form = LedgerSetupForm

    def save_model(self, request: HttpRequest, obj: LedgerSetup, form: forms.ModelForm, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)


@admin.register(AccountingPeriod)
class AccountingPeriodAdmin(ReadOnly, admin.ModelAdmin):
    """Periods are made, closed and reopened on their own pages."""

    list_display = ("name", "starts_on", "ends_on", "soft_closed_at", "soft_closed_by", "closed_at", "closed_by")
    list_select_related = ("soft_closed_by", "closed_by")


@admin.register(PeriodReopening)
class PeriodReopeningAdmin(ReadOnly, admin.ModelAdmin):
    """They are asked for, approved and declined on the pages of the periods."""

    list_display = ("period", "requested_by", "requested_at", "reason", "approved_by", "declined_by")
    list_select_related = ("period", "requested_by", "approved_by", "declined_by")


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "description", "prefix", "digits", "last_number")


class LineInline(ReadOnly, admin.TabularInline):
    model = JournalLine
    fields = ("line_no", "account", "product_group", "debit", "credit", "debit_lcy", "credit_lcy", "party", "lot")
    extra = 0


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "posting_date", "kind", "description", "currency", "event_key")
    list_select_related = ("currency",)
    list_filter = ("posting_date",)
    list_per_page = 50
    search_fields = ("event_key__startswith",)
    inlines = (LineInline,)


class StepInline(ReadOnly, admin.TabularInline):
    model = BatchStep
    fields = ("position", "name")
    extra = 0


@admin.register(BatchRun)
class BatchRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("business_date", "state", "started_at", "finished_at", "started_by")
    list_select_related = ("started_by",)
    list_filter = ("state",)
    inlines = (StepInline,)
