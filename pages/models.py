"""What pages keep for a while: what makes a form safe when it is sent twice, and files that wait for a decision."""

from django.conf import settings
from django.db import models


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
