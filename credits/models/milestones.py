from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from ledger.fields import AmountField
from ledger.models import JournalEntry
from opportunities.models import Project


class Status(models.TextChoices):
    NONE = "", "None"
    PLANNED = "planned", "Planned"
    IN_PROGRESS = "in_progress", "In Progress"
    APPROVED = "approved", "Approved"
    CANCELED = "canceled", "Canceled"


class State(models.TextChoices):
    """Where a milestone stands with its credits: the first that fits."""

    COMPLETED = "completed", "Completed"
    ADJUSTING = "adjusting", "Needs adjusting"
    WAITING = "waiting", "Waiting for credits"
    FUNDED = "funded", "Allocated"
    OPEN = "open", "Open"


class MilestoneQuerySet(models.QuerySet):
    def with_state(self, statuses_without_allocation):
        """`state`, one of `State`; a status that needs no allocation does not wait for credits."""
        waits = Q(credits_needed__isnull=False) & ~Q(status__in=statuses_without_allocation)
        return self.annotate(
            state=Case(
                When(actual_on__isnull=False, then=Value(State.COMPLETED)),
                When(Q(credits_allocated__gt=0) & ~Q(credits_allocated=Coalesce("credits_needed", 0)),
                     then=Value(State.ADJUSTING)),
                When(waits & Q(credits_allocated=0), then=Value(State.WAITING)),
                When(credits_allocated__gt=0, then=Value(State.FUNDED)),
                default=Value(State.OPEN),
                output_field=models.CharField(choices=State.choices),
            )
        )  # fmt: skip


class Milestone(models.Model):
    """A piece of a project. With a number of services credits in it, it is paid by credits only, and cannot get its
    actual date before exactly that number is allocated: the gate, held by the database."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="milestones")
    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=20, choices=Status.choices, blank=True, default=Status.PLANNED)
    target_on = models.DateField("target date", null=True, blank=True)
    credits_needed = models.BigIntegerField(
        "services credits",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: not paid by credits.",
    )
    credits_allocated = models.BigIntegerField(default=0, editable=False)
    amount = AmountField(null=True, blank=True, editable=False, help_text="Set when credits are allocated.")
    actual_on = models.DateField("actual date", null=True, blank=True, editable=False)
    claimed_on = models.DateField(
        "claimed date",
        null=True,
        blank=True,
        editable=False,
        help_text="The actual date according to an import, until the milestone is completed here.",
    )

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        ordering = ["target_on", "number"]
        permissions = [("manage_milestones", "Can create and edit milestones")]
        constraints = [
            models.CheckConstraint(
                condition=Q(credits_needed=None) | Q(credits_needed__range=(1, 10**18 - 1)),
                name="milestone_needs_one_credit_or_more",
            ),
            models.CheckConstraint(condition=Q(credits_allocated__gte=0), name="milestone_allocated_not_negative"),
            models.CheckConstraint(
                condition=Q(actual_on=None) | Q(credits_needed=None, credits_allocated=0)
                # Said in so many words: compared with an empty number, a CHECK knows nothing and lets pass.
                | Q(credits_needed__isnull=False, credits_allocated=F("credits_needed")),
                name="milestone_allocated_in_full_before_it_is_done",
            ),
            models.CheckConstraint(
                condition=Q(claimed_on=None) | Q(actual_on=None), name="milestone_claims_until_it_is_completed"
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.number} {self.name}"

    def get_absolute_url(self):
        return reverse("credits:milestone", args=[self.pk])

    @property
    def is_completed(self) -> bool:
        return self.actual_on is not None

    @property
    def needs_adjusting(self) -> bool:
        """Credits are allocated, but not as many as the milestone says by now."""
        return self.credits_allocated not in (0, self.credits_needed or 0)


class Completion(models.Model):
    """One time a milestone was completed. Its revenue is earned by the night that finds it open and not yet earned;
    reopening ends it, and completing again is a new one."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="completions")
    sequence = models.PositiveIntegerField()
    actual_on = models.DateField("actual date")
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    completed_at = models.DateTimeField(db_default=models.functions.Now())
    earned_on = models.DateField(null=True, help_text="The business date of the night that posted its revenue.")
    entry = models.OneToOneField(
        JournalEntry, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: nothing was paid for it."
    )
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reopen_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["milestone", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["milestone", "sequence"], name="completion_numbered"),
            models.UniqueConstraint(
                fields=["milestone"], condition=Q(reopened_at=None), name="completion_one_stands_per_milestone"
            ),
            models.CheckConstraint(
                condition=Q(entry=None) | Q(earned_on__isnull=False), name="completion_with_entry_is_earned"
            ),
        ]
        indexes = [
            models.Index(
                fields=["actual_on"], condition=Q(earned_on=None, reopened_at=None), name="completion_to_be_earned"
            )
        ]

    def __str__(self):
        return f"{self.milestone.number} completed on {self.actual_on}"
