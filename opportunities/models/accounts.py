from typing import Any

from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from ledger.models import BusinessPostingGroup, Currency, LedgerSetup, VatBusinessGroup


class AccountQuerySet(models.QuerySet):
    def with_counts(self):
        """`opportunity_count` and `project_count`."""
        return self.annotate(opportunity_count=_count_of("opportunities"), project_count=_count_of("projects"))


def _count_of(related: str) -> Coalesce:
    model: Any = Account._meta.get_field(related).related_model
    rows = model.objects.filter(account=OuterRef("pk")).order_by()
    counted = rows.values("account").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0, output_field=models.BigIntegerField())


class Account(models.Model):
    """A customer. Its row is the lock under which every balance of the customer changes."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    currency = models.ForeignKey(
        Currency, on_delete=models.PROTECT, related_name="+", help_text="Proposed for new work."
    )
    business_group = models.ForeignKey(
        BusinessPostingGroup,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="business posting group",
        help_text="Chooses the accounts of the books, together with the product's group.",
    )
    bill_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="billed_for",
        help_text="Who pays, when it is not the account itself.",
    )
    vat_business_group = models.ForeignKey(
        VatBusinessGroup,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="VAT business posting group",
        help_text="Chooses the VAT rate, together with the product's group. Empty: no VAT.",
    )
    address = models.TextField(
        blank=True, default="", db_default="", help_text="Printed on documents, as it is written."
    )
    email = models.EmailField("e-mail", blank=True, default="", db_default="", help_text="Where statements are sent.")
    payment_days = models.PositiveSmallIntegerField(
        default=30, db_default=30, help_text="Days from the date of an invoice until it is due."
    )
    dimensions = models.JSONField(
        "default dimensions", default=dict, blank=True, help_text="Proposed for what the account buys."
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        permissions = [("manage_customers", "Can create and edit accounts, opportunities, products and projects")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(number=""), name="account_has_number"),
            models.CheckConstraint(condition=~models.Q(bill_to=models.F("id")), name="account_bills_another"),
        ]

    def __str__(self):
        return f"{self.number} {self.name}"

    def get_absolute_url(self):
        return reverse("opportunities:account", args=[self.pk])

    def posting_group(self, setup: LedgerSetup) -> BusinessPostingGroup:
        """The business posting group of a sale to this account: its own, or that of whoever pays for it, as the general
        ledger setup says."""
        return self.governing(setup, self.bill_to).business_group

    def governing(self, setup: LedgerSetup, bill_to: "Account | None") -> "Account":
        """Whose posting groups a sale to this account takes, where `bill_to` pays for it."""
        billed = setup.groups_from == LedgerSetup.GroupsFrom.BILL_TO
        return bill_to if billed and bill_to else self

    @property
    def party(self) -> str:
        """The key of this customer in the books."""
        return f"account:{self.pk}"
