"""Service commitment packages: what is agreed when a service commitment item is sold, as it stands in the catalogue."""

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from opportunities.models import Product


class Partner(models.TextChoices):
    """Whom a commitment binds."""

    CUSTOMER = "customer", "Customer"
    VENDOR = "vendor", "Vendor"


class InvoicingVia(models.TextChoices):
    """What bills a commitment."""

    CONTRACT = "contract", "Contract"
    SALES = "sales", "Sales"


SINGLE_TERM = r"^[1-9][0-9]{0,3}[DWMQY]$"


class TermField(models.CharField):
    """A single term such as 1M, 1Q, 1Y, 2W or 30D."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 5)
        super().__init__(*args, **kwargs)


def _percent() -> models.DecimalField:
    return models.DecimalField(
        "calculation base %",
        max_digits=9,
        decimal_places=4,
        default=Decimal(100),
        validators=[MinValueValidator(Decimal(0))],
        help_text="Of the price of the line that sold it.",
    )


def _invoicing_item() -> models.ForeignKey:
    return models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What the contract invoice names. Empty: the item that was sold.",
    )


class CommitmentTerms(models.Model):
    """What is agreed: of a package's line, of a line that is sold, and of the commitment that comes of it. Copied from the
    one to the next when that is made, so that a later change of the catalogue changes nothing agreed."""

    partner = models.CharField(max_length=10, choices=Partner.choices, default=Partner.CUSTOMER)
    description = models.CharField(max_length=250)
    invoicing_via = models.CharField(max_length=10, choices=InvoicingVia.choices, default=InvoicingVia.CONTRACT)
    invoicing_item = _invoicing_item()
    base_percent = _percent()
    base_period = TermField("billing base period", default="1M", help_text="What the price is for: 1M, 1Q, 1Y, 30D.")
    rhythm = TermField("billing rhythm", default="1M", help_text="How much each invoice bills: 1M, 1Q, 1Y, 30D.")
    initial_term = TermField(blank=True, default="", help_text="How long it runs at least. Empty: no fixed term.")
    extension_term = TermField(
        blank=True, default="", help_text="By how much it goes on each time. Empty: it ends with the initial term."
    )
    notice_period = TermField(blank=True, default="", help_text="How long before the end it has to be cancelled.")
    start_formula = models.CharField(
        "start date formula",
        max_length=20,
        blank=True,
        default="",
        help_text="Applied to the delivery date. Empty: it starts on that day.",
    )

    class Meta:
        abstract = True

    @property
    def is_billed_by_contract(self) -> bool:
        return self.partner == Partner.CUSTOMER and self.invoicing_via == InvoicingVia.CONTRACT


TERMS = [field.name for field in CommitmentTerms._meta.fields]


def terms_of(row: CommitmentTerms) -> dict[str, Any]:
    """The agreed terms, to be copied into another row."""
    return {name: getattr(row, name) for name in TERMS}


def rules_of_terms(name: str) -> list[models.CheckConstraint]:
    """What holds for agreed terms wherever they stand; that base period and rhythm divide is held by a trigger."""
    either = {f"{field}__regex": SINGLE_TERM for field in ("base_period", "rhythm")}
    optional = Q()
    for field in ("initial_term", "extension_term", "notice_period"):
        optional &= Q(**{field: ""}) | Q(**{f"{field}__regex": SINGLE_TERM})
    return [
        models.CheckConstraint(condition=Q(**either) & optional, name=f"{name}_single_terms"),
        models.CheckConstraint(condition=Q(extension_term="") | ~Q(initial_term=""), name=f"{name}_extends_a_term"),
        models.CheckConstraint(condition=Q(base_percent__gte=0), name=f"{name}_percent_not_negative"),
    ]


class CommitmentTemplate(models.Model):
    """Service commitment template: values that lines of packages begin with."""

    code = models.CharField(max_length=20, primary_key=True)
    description = models.CharField(max_length=250)
    invoicing_via = models.CharField(max_length=10, choices=InvoicingVia.choices, default=InvoicingVia.CONTRACT)
    invoicing_item = _invoicing_item()
    base_percent = _percent()
    base_period = TermField("billing base period", default="1M")

    class Meta:
        ordering = ["code"]
        verbose_name = "service commitment template"
        constraints = [
            models.CheckConstraint(
                condition=Q(base_percent__gte=0, base_period__regex=SINGLE_TERM) & ~Q(code=""),
                name="commitment_template_terms",
            )
        ]

    def __str__(self):
        return f"{self.code} {self.description}".strip()


class CommitmentPackage(models.Model):
    """Service commitment package: what is agreed together when a product is sold."""

    code = models.CharField(max_length=20, primary_key=True)
    description = models.CharField(max_length=250)

    class Meta:
        ordering = ["code"]
        verbose_name = "service commitment package"
        permissions = [("manage_contracts", "Can manage packages, service objects and customer contracts")]
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="commitment_package_has_code")]

    def __str__(self):
        return f"{self.code} {self.description}".strip()

    def get_absolute_url(self):
        return reverse("prepaid:package", args=[self.pk])


class PackageLine(CommitmentTerms):
    """One commitment of a package."""

    logged_under = "package"  # in the change log

    package = models.ForeignKey(CommitmentPackage, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    template = models.ForeignKey(
        CommitmentTemplate, on_delete=models.PROTECT, null=True, blank=True, related_name="package_lines"
    )

    class Meta:
        ordering = ["package", "line_no"]
        verbose_name = "service commitment package line"
        constraints = [
            models.UniqueConstraint(fields=["package", "line_no"], name="package_line_numbered"),
            *rules_of_terms("package_line"),
        ]

    def __str__(self):
        return f"{self.package_id}/{self.line_no} {self.description}"


class ProductPackage(models.Model):
    """A package that can be sold with a product; a standard one is added to its order lines by itself."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="commitment_packages")
    package = models.ForeignKey(CommitmentPackage, on_delete=models.PROTECT, related_name="products")
    standard = models.BooleanField(default=True, help_text="Added to the lines of the product by itself.")

    class Meta:
        ordering = ["product", "package"]
        constraints = [models.UniqueConstraint(fields=["product", "package"], name="product_package_once")]

    def __str__(self):
        return f"{self.package_id} with {self.product}"


class LineCommitment(CommitmentTerms):
    """Sales service commitment: what is agreed with a line of a quote or an order, from a package. Its delivery makes the
    service commitment."""

    logged_under = "line"

    line = models.ForeignKey("prepaid.SalesLine", on_delete=models.CASCADE, related_name="commitments")
    package = models.ForeignKey(CommitmentPackage, on_delete=models.PROTECT, related_name="+")
    line_no = models.PositiveIntegerField()

    class Meta:
        ordering = ["line", "package", "line_no"]
        verbose_name = "sales service commitment"
        constraints = [
            models.UniqueConstraint(fields=["line", "package", "line_no"], name="line_commitment_once"),
            *rules_of_terms("line_commitment"),
        ]

    def __str__(self):
        return f"{self.package_id}: {self.description}"
