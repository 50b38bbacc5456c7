"""What contract invoices bill, and how their revenue waits and is released."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from ledger.fields import AmountField, RateField
from ledger.models import BusinessPostingGroup, Currency, LedgerAccount, ProductPostingGroup
from opportunities.models import Account
from prepaid.models.contracts import CustomerContract, ServiceCommitment
from prepaid.models.documents import SalesLine
from prepaid.models.fields import QuantityField


class BillingRun(models.Model):
    """One billing of customer contracts up to a day: by hand or by night, and the invoices that it made."""

    billed_until = models.DateField("billed up to", help_text="Periods that begin by this day.")
    posted_on = models.DateField("posting date")
    by_night = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: the night."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return f"BR-{self.pk:05d}"

    def get_absolute_url(self):
        return reverse("prepaid:billing-run", args=[self.pk])


class BilledPeriod(models.Model):
    """Days of a commitment that a line of a contract invoice bills. No two of a commitment share a day. `kept_until`: the
    last day that stays billed; a credit memo sets it back, and the days after it can be billed again."""

    commitment = models.ForeignKey(ServiceCommitment, on_delete=models.PROTECT, related_name="billed_periods")
    line = models.OneToOneField(SalesLine, on_delete=models.CASCADE, related_name="billed_period")
    starts_on = models.DateField("from")
    ends_on = models.DateField("to")
    kept_until = models.DateField(help_text="The last day that stays billed; before the first: none.")
    top_up_quantity = QuantityField(default=0, help_text="What it tops up of a prepaid service that is a quantity.")

    class Meta:
        ordering = ["commitment", "starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on"), top_up_quantity__gte=0), name="billed_period_has_days"
            ),
            models.CheckConstraint(
                condition=Q(kept_until__gte=F("starts_on") - datetime.timedelta(days=1), kept_until__lte=F("ends_on")),
                name="billed_period_kept_within",
            ),
        ]

    def __str__(self):
        return f"{self.starts_on} to {self.ends_on}"


class ReleaseRun(models.Model):
    """One release of contract deferrals up to a day: by hand or by night. It can be taken back as a whole, once."""

    released_until = models.DateField("released up to")
    by_night = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: the night."
    )
    created_at = models.DateTimeField(db_default=Now())
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undone_reason="")
                | Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_reason=""),
                name="release_run_undone_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["released_until"], condition=Q(by_night=True, undone_at=None), name="release_run_of_a_night"
            ),
        ]

    def __str__(self):
        return f"RR-{self.pk:05d}"

    def get_absolute_url(self):
        return reverse("prepaid:release-run", args=[self.pk])


class ContractDeferral(models.Model):
    """The net amount of a posted contract line that waits on a deferral account and becomes revenue part by part. Accounts,
    groups, rate and dimensions are those of its posting."""

    line = models.OneToOneField(SalesLine, on_delete=models.PROTECT, related_name="deferral")
    contract = models.ForeignKey(CustomerContract, on_delete=models.PROTECT, related_name="deferrals")
    commitment = models.ForeignKey(ServiceCommitment, on_delete=models.PROTECT, related_name="deferrals")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField("from")
    ends_on = models.DateField("to")
    amount = AmountField()
    amount_lcy = AmountField("amount (LCY)")
    exchange_rate = RateField()
    business_group = models.ForeignKey(BusinessPostingGroup, on_delete=models.PROTECT, related_name="+")
    product_group = models.ForeignKey(
        ProductPostingGroup, on_delete=models.PROTECT, related_name="+", verbose_name="product posting group"
    )
    deferral_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    revenue_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    dimensions = models.JSONField(default=dict)
    by_equal_months = models.BooleanField(default=False, help_text="Cut as Business Central cuts it.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount_lcy__gte=0, exchange_rate__gt=0, ends_on__gte=F("starts_on")),
                name="contract_deferral_has_an_amount",
            ),
        ]

    def __str__(self):
        return f"CD-{self.pk:06d}"

    def get_absolute_url(self):
        return reverse("prepaid:deferral", args=[self.pk])

    @property
    def lot(self) -> str:
        """Its key in the books."""
        return f"contract:{self.pk}"


class DeferralLineQuerySet(models.QuerySet):
    def open(self):
        """What waits on the deferral account."""
        return self.filter(run=None, closed_by=None)

    def released(self):
        """What is revenue and stays it."""
        return self.filter(run__isnull=False, closed_by=None)

    def due(self, until: datetime.date):
        return self.open().filter(due_on__lte=until)


class DeferralLine(models.Model):
    """One calendar month's part of a deferral, both days included. Released once, by a run; or closed by the line of a credit
    memo, which gives back what was not released, or takes back what was."""

    deferral = models.ForeignKey(ContractDeferral, on_delete=models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField()
    starts_on = models.DateField("from")
    ends_on = models.DateField("to")
    amount = AmountField()
    amount_lcy = AmountField("amount (LCY)")
    due_on = models.DateField(help_text="The day on which it is earned.")
    run = models.ForeignKey(ReleaseRun, on_delete=models.PROTECT, null=True, related_name="lines")
    closed_by = models.ForeignKey(SalesLine, on_delete=models.PROTECT, null=True, related_name="closed_deferral_lines")

    objects = DeferralLineQuerySet.as_manager()

    class Meta:
        ordering = ["deferral", "line_no"]
        constraints = [
            models.UniqueConstraint(fields=["deferral", "line_no"], name="deferral_line_numbered"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on"), due_on__gte=F("starts_on")), name="deferral_line_has_days"
            ),
        ]

    def __str__(self):
        return f"{self.deferral}/{self.line_no}"

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    @property
    def event_key(self) -> str:
        """Of its release by its run."""
        return f"contract-release:{self.pk}:{self.run_id}"
