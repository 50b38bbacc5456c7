from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse


class AccountingPeriodQuerySet(models.QuerySet):
    def closed(self):
        return self.filter(closed_at__isnull=False)

    def shut(self):
        """Closed in any way, for most people."""
        return self.exclude(closed_at=None, soft_closed_at=None)


class AccountingPeriod(models.Model):
    """A span of posting dates. Closed, it takes no posting: the database refuses, and a late event goes to the first
    open day and keeps its effective date. Soft-closed, that holds for everybody and the night, except for those who may
    post in soft-closed periods. Days outside every period are open."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SOFT_CLOSED = "soft-closed", "Soft-closed"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=40, unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    soft_closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    soft_closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = AccountingPeriodQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on"]
        permissions = [
            ("close_accountingperiod", "Can close and reopen accounting periods"),
            ("post_in_soft_closed_period", "Can post into soft-closed periods"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="period_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) | models.Q(closed_by__isnull=False),
                name="period_closed_by_someone",
            ),
            models.CheckConstraint(
                condition=models.Q(soft_closed_at__isnull=True) | models.Q(soft_closed_by__isnull=False),
                name="period_soft_closed_by_someone",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("ledger:period", args=[self.pk])

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def state(self) -> State:
        if self.is_closed:
            return self.State.CLOSED
        return self.State.SOFT_CLOSED if self.soft_closed_at else self.State.OPEN

    @property
    def state_since(self):
        """When it came into its state; of one that is open, nothing."""
        return self.closed_at or self.soft_closed_at

    @property
    def state_by(self):
        return self.closed_by or self.soft_closed_by


class PeriodReopening(models.Model):
    """A request to open a closed period again. It takes effect when another person approves it, and holds for that one
    closing: the database opens no period without it."""

    period = models.ForeignKey(AccountingPeriod, on_delete=models.PROTECT, related_name="reopenings")
    closed_at = models.DateTimeField(help_text="The closing that it undoes.")
    reason = models.CharField(max_length=500)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    declined_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    declined_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="reopening_has_reason"),
            models.CheckConstraint(condition=~Q(approved_by=F("requested_by")), name="reopening_by_a_second_person"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, declined_by=None),
                name="reopening_approved_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(declined_by=None, declined_at=None)
                | Q(declined_by__isnull=False, declined_at__isnull=False),
                name="reopening_declined_by_someone",
            ),
            models.UniqueConstraint(
                fields=["period"],
                condition=Q(approved_at=None, declined_at=None),
                name="reopening_asked_for_once",
            ),
        ]

    def __str__(self):
        return f"Reopening of {self.period}"
