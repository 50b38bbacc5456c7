from django.db import models
from django.urls import reverse

from ledger.models import Currency
from opportunities.models.accounts import Account


class Project(models.Model):
    """Work for an account, in one currency: only credits of that account and currency can pay for it."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="projects")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "currency", "name"], name="project_once_per_account_and_currency"
            )
        ]

    def __str__(self):
        return f"{self.number} {self.name}"

    def get_absolute_url(self):
        return reverse("opportunities:project", args=[self.pk])
