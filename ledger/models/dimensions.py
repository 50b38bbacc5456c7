from django.db import models
from django.db.models import Q


class Dimension(models.Model):
    """A way to cut the books beside the accounts, such as department or region. Its code stays."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["code"]
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="dimension_has_code")]

    def __str__(self):
        return self.name


class DimensionValue(models.Model):
    """One value of a dimension. It is never deleted and keeps its code, because lines of the books carry it; blocked, it
    is not offered any more."""

    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="values")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    blocked = models.BooleanField(default=False, help_text="A blocked value is not offered for new work.")

    class Meta:
        ordering = ["dimension", "code"]
        constraints = [
            models.UniqueConstraint(fields=["dimension", "code"], name="dimension_value_once_per_dimension"),
            models.CheckConstraint(condition=~Q(code=""), name="dimension_value_has_code"),
        ]

    def __str__(self):
        return f"{self.code} {self.name}"
