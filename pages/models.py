"""What pages keep for a while: what makes a form safe when it is sent twice, files that wait for a decision, and jobs."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone


class Submission(models.Model):
    """One confirmed action: the form's token, written in the action's own transaction.

    A second sending of the same form waits here for the first to commit and is then led to the same result.
    """

    token = models.UUIDField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="submission_once_per_user_and_token")]

    def __str__(self) -> str:
        return str(self.token)

    def lead_to(self, url: str) -> None:
        """Where a second sending of the same form goes."""
        self.url = url
        self.save(update_fields=["url"])


class Upload(models.Model):
    """A file as somebody brought it, until it is decided what becomes of it. Open to that person alone; thrown away with
    the tokens of old forms (`config.tasks.tidy`). What it is for is its `kind`, as in "rates"."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=30)
    file_name = models.CharField(max_length=255)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.file_name


class JobQuerySet(models.QuerySet):
    def unfinished(self):
        return self.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))

    def in_nobodys_hands(self):
        """Those that wait and those whose worker died: whoever does a job holds its row. Locks them, so in a transaction."""
        return self.unfinished().select_for_update(skip_locked=True, no_key=True, of=("self",))


class Job(models.Model):
    """Work that takes longer than a page may, done by a worker (`pages.jobs`): what was asked for and by whom, how it
    stands, and what came of it. The same `key` is the same job. Thrown away a month after it ended (`config.tasks.tidy`)."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=100, unique=True)
    params = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    result = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    refusal = models.TextField(blank=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state"], name="job_unfinished", condition=Q(state__in=("waiting", "running"))),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_times_follow_its_state",
                condition=Q(state="waiting", started_at=None, finished_at=None)
                | Q(state="running", started_at__isnull=False, finished_at=None)
                | Q(state__in=("done", "refused", "failed"), started_at__isnull=False, finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="job_says_why_it_was_not_done",
                condition=Q(state__in=("waiting", "running", "done"), refusal="")
                | Q(state__in=("refused", "failed")) & ~Q(refusal=""),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class JobProgress(models.Model):
    """How far a job is. Apart from the job, whose row is locked while it is done; written by `pages.progress`."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    step = models.CharField(max_length=100, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    step_began_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="job_progress_within_its_total", condition=Q(done__lte=F("total"))),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.done} of {self.total}"
