from django.conf import settings
from django.db import models


class AccountingPeriodQuerySet(models.QuerySet):
    def closed(self):
        return self.filter(closed_at__isnull=False)


class AccountingPeriod(models.Model):
    """A span of posting dates. Closed, it takes no posting: the database refuses, and a late event goes to the first
    open day and keeps its effective date. Days outside every period are open."""

    name = models.CharField(max_length=40, unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = AccountingPeriodQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on"]
        permissions = [("close_accountingperiod", "Can close and reopen accounting periods")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="period_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) | models.Q(closed_by__isnull=False),
                name="period_closed_by_someone",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None
