from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from ledger.models import ProductPostingGroup


class EstimateQuerySet(models.QuerySet):
    def in_force(self, on):
        """Of each product group the approved estimate that holds on the day `on`, the later approval of two of one day."""
        approved = self.filter(approved_by__isnull=False, effective_on__lte=on)
        return approved.order_by("product_group_id", "-effective_on", "-approved_at", "-id").distinct(
            "product_group_id"
        )


class BreakageEstimate(models.Model):
    """Proportional breakage (rule 12): what share of the credits of a product group is expected to stay unused. From its
    effective date on, that share of the money is recognised in proportion to the credits that are used, instead of when
    they expire; a later estimate catches up. In force once another person has approved it; never changed after."""

    product_group = models.ForeignKey(ProductPostingGroup, on_delete=models.PROTECT, related_name="+")
    expected_unused = models.DecimalField(
        "expected to stay unused",
        max_digits=4,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(99)],
        help_text="Percent of the credits. 0: breakage is recognised when credits expire.",
    )
    effective_on = models.DateField("effective date")
    reason = models.CharField(max_length=500, help_text="What the estimate rests on.")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now())
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = EstimateQuerySet.as_manager()

    class Meta:
        ordering = ["product_group", "-effective_on", "-id"]
        permissions = [("propose_estimate", "Can propose breakage estimates")]
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_unused__gte=0, expected_unused__lte=99), name="estimate_between_0_and_99_percent"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="estimate_has_reason"),
            models.CheckConstraint(condition=~Q(approved_by=F("proposed_by")), name="estimate_by_a_second_person"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="estimate_approved_by_someone",
            ),
        ]

    def __str__(self):
        return f"{self.product_group_id}: {self.expected_unused} % unused from {self.effective_on}"
