from django.db import models
from django.db.models import Q

from ledger.models.accounts import LedgerAccount, PostingGroup


class VatBusinessGroup(PostingGroup):
    """VAT business posting group: what kind of customer VAT is owed for."""

    class Meta(PostingGroup.Meta):
        verbose_name = "VAT business posting group"


class VatProductGroup(PostingGroup):
    """VAT product posting group: what kind of product VAT is owed for."""

    class Meta(PostingGroup.Meta):
        verbose_name = "VAT product posting group"


class VatPostingSetup(models.Model):
    """VAT posting setup: rate and account of one business group and one product group. A pair without a cell refuses the
    sale, naming it; what has no VAT group at all is sold without VAT."""

    business_group = models.ForeignKey(VatBusinessGroup, on_delete=models.PROTECT, related_name="setups")
    product_group = models.ForeignKey(VatProductGroup, on_delete=models.PROTECT, related_name="setups")
    percent = models.DecimalField("VAT %", max_digits=7, decimal_places=4)
    account = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="VAT account",
        help_text="Empty only where the rate is 0.",
    )

    class Meta:
        ordering = ["business_group", "product_group"]
        verbose_name = verbose_name_plural = "VAT posting setup"
        constraints = [
            models.UniqueConstraint(fields=["business_group", "product_group"], name="vat_setup_one_cell_per_pair"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="vat_percent"),
            models.CheckConstraint(condition=Q(percent=0) | Q(account__isnull=False), name="vat_has_account"),
        ]

    def __str__(self):
        return f"{self.business_group_id} × {self.product_group_id}"
