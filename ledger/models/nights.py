from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class State(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class BatchRun(models.Model):
    """One run of the night for one business date. At most one runs at a time: a second start joins the first."""

    business_date = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        verbose_name = "night"
        permissions = [("run_night", "Can preview and run the night")]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="one_night_runs_at_a_time"),
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="night_finished_unless_running",
            ),
        ]

    def __str__(self):
        return f"Night of {self.business_date}"


class BatchStep(models.Model):
    """One step of a night over all its chunks, in order."""

    run = models.ForeignKey(BatchRun, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="night_step_position"),
            models.UniqueConstraint(fields=["run", "name"], name="night_step_name"),
        ]

    def __str__(self):
        return self.name


class BatchChunk(models.Model):
    """A range of parties that one worker does in one transaction. The row lock on it is the claim: a worker that dies
    lets it go, and what it had not committed never happened."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    step = models.ForeignKey(BatchStep, on_delete=models.CASCADE, related_name="chunks")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    counts = models.JSONField(default=dict)  # numbers are summed over the chunks, words are noted
    errors = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["step", "first"]
        constraints = [
            models.UniqueConstraint(fields=["step", "first"], name="night_chunk_once_per_step"),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="night_chunk_range"),
        ]

    def __str__(self):
        return f"{self.step_id}: {self.first}–{self.last}"
