from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ledger.fields import PriceField
from opportunities.models.products import Product
from opportunities.models.projects import Project


class ProjectEntry(models.Model):
    """Time or material that a project used, to be billed at a price in the project's currency. What is billed stays as it
    was billed."""

    class Kind(models.TextChoices):
        TIME = "time", "Time"
        MATERIAL = "material", "Material"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TIME)
    worked_on = models.DateField("date")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=250)
    quantity = models.DecimalField(max_digits=15, decimal_places=4, validators=[MinValueValidator(Decimal("0.0001"))])
    unit_price = PriceField(validators=[MinValueValidator(0)])
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-worked_on", "-id"]
        verbose_name_plural = "project entries"
        permissions = [("record_work", "Can record time and material of projects")]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="project_entry_quantity_above_zero"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="project_entry_price_not_negative"),
        ]

    def __str__(self):
        return f"{self.worked_on:%Y-%m-%d} {self.description}"
