"""The admin's view of prepaid services: read-only for everybody. Cards, documents, entries and settings are made and changed
on their pages, by the services; what is posted is changed nowhere."""

from django.contrib import admin

from pages.admin import ReadOnly
from prepaid.models import (
    Application,
    CommitmentPackage,
    CommitmentPrice,
    CommitmentTemplate,
    CustomerContract,
    Delivery,
    DeliveryLine,
    DissolutionProposal,
    EntryRequest,
    GiveBack,
    InflowBalance,
    LineCommitment,
    PackageLine,
    PrepaidEntry,
    PrepaidService,
    PrepaidSetup,
    ProductPackage,
    SalesDocument,
    SalesLine,
    ServiceCommitment,
    ServiceObject,
    ServiceProject,
    StatementMail,
)


class ProjectInline(ReadOnly, admin.TabularInline):
    model = ServiceProject
    extra = 0


@admin.register(PrepaidService)
class ServiceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "account", "description", "accrual", "type", "currency", "closed")
    list_filter = ("accrual", "type", "currency", "closed")
    list_select_related = ("account", "currency")
    search_fields = ("number", "description", "account__number", "account__name")
    inlines = (ProjectInline,)


@admin.register(PrepaidEntry)
class EntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "service", "entry_type", "posted_on", "document_no", "currency", "amount", "quantity")
    list_filter = ("entry_type", "document_type", "currency")
    list_select_related = ("service", "currency")
    search_fields = ("service__number", "document_no", "event_key")


@admin.register(InflowBalance)
class BalanceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("entry", "service", "remaining", "remaining_lcy", "remaining_quantity", "expired")
    list_select_related = ("entry", "service")
    search_fields = ("service__number",)


@admin.register(Application)
class ApplicationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "outflow", "inflow", "amount", "amount_lcy", "quantity", "revenue_account")
    list_select_related = ("outflow", "inflow", "revenue_account")
    search_fields = ("outflow__service__number",)


@admin.register(GiveBack)
class GiveBackAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "application", "inflow", "amount", "amount_lcy", "quantity")
    list_select_related = ("application", "inflow")


class LineInline(ReadOnly, admin.TabularInline):
    model = SalesLine
    fk_name = "document"
    fields = readonly_fields = (
        "line_no", "kind", "description", "quantity", "unit_price", "net", "vat", "prepaid_service",
    )  # fmt: skip
    extra = 0


@admin.register(SalesDocument)
class DocumentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "type", "state", "account", "currency", "document_on", "posted_on", "external_reference")
    list_filter = ("type", "state", "currency")
    list_select_related = ("account", "currency")
    search_fields = ("number", "posted_number", "external_reference", "account__number", "account__name")
    inlines = (LineInline,)


class DeliveryLineInline(ReadOnly, admin.TabularInline):
    model = DeliveryLine
    extra = 0


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "order", "delivered_on", "created_by")
    list_select_related = ("order", "created_by")
    search_fields = ("number", "order__number")
    inlines = (DeliveryLineInline,)


@admin.register(EntryRequest)
class RequestAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("service", "entry_type", "amount", "quantity", "state", "requested_by", "decided_by", "decided_at")
    list_filter = ("entry_type", "state")
    list_select_related = ("service", "requested_by", "decided_by")
    search_fields = ("service__number", "reason")


@admin.register(DissolutionProposal)
class ProposalAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("inflow", "proposed_on", "by_night", "state", "decided_by", "decided_at")
    list_filter = ("state", "by_night")
    list_select_related = ("inflow", "decided_by")


@admin.register(StatementMail)
class StatementMailAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("account", "service", "recipient", "period_from", "period_to", "sent_by", "sent_at")
    list_select_related = ("account", "service", "sent_by")
    search_fields = ("account__number", "account__name", "recipient")
    exclude = ("file",)


@admin.register(CommitmentTemplate)
class TemplateAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "description", "invoicing_via", "invoicing_item", "base_percent", "base_period")
    list_select_related = ("invoicing_item",)
    search_fields = ("code", "description")


class PackageLineInline(ReadOnly, admin.TabularInline):
    model = PackageLine
    extra = 0


class ProductInline(ReadOnly, admin.TabularInline):
    model = ProductPackage
    extra = 0


@admin.register(CommitmentPackage)
class PackageAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "description")
    search_fields = ("code", "description")
    inlines = (PackageLineInline, ProductInline)


@admin.register(LineCommitment)
class LineCommitmentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("line", "package", "line_no", "description", "base_period", "rhythm")
    list_select_related = ("line__document", "package")
    search_fields = ("line__document__number", "package__code", "description")


@admin.register(CustomerContract)
class ContractAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "account", "bill_to", "currency", "description", "closed")
    list_filter = ("closed", "currency")
    list_select_related = ("account", "bill_to", "currency")
    search_fields = ("number", "description", "external_reference", "account__number", "account__name")


@admin.register(ServiceObject)
class ObjectAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "account", "product", "description", "quantity", "provided_on")
    list_select_related = ("account", "product")
    search_fields = ("number", "description", "reference", "account__number", "account__name")


class PriceInline(ReadOnly, admin.TabularInline):
    model = CommitmentPrice
    extra = 0


@admin.register(ServiceCommitment)
class CommitmentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "__str__", "partner", "invoicing_via", "contract", "prepaid_service", "starts_on", "ends_on", "next_billing_on",
    )  # fmt: skip
    list_filter = ("partner", "invoicing_via", "currency")
    list_select_related = ("object", "contract", "prepaid_service")
    search_fields = ("object__number", "description", "contract__number")
    inlines = (PriceInline,)


@admin.register(PrepaidSetup)
class SetupAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "deferral_group", "dimension", "revenue_from")
    list_select_related = ("deferral_group", "dimension")
