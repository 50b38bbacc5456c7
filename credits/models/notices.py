from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from credits.models.milestones import Milestone
from credits.models.purchases import Purchase
from ledger.models import Currency
from opportunities.models import Account


class NoticeMail(models.Model):
    """What was told by mail: one mail for all that was new after a night. Its text stays as it was written; until it is
    sent it goes to whoever the setup names by then. A mail that was sent is final."""

    recipients = ArrayField(models.EmailField())
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    retry_at = models.DateTimeField(null=True, help_text="Not tried again before this.")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "mail with notices"
        verbose_name_plural = "mails with notices"
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at=None) | ~Q(text="") & Q(recipients__len__gt=0, attempts__gt=0),
                name="notice_mail_sent_has_text_and_recipients",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(sent_at=None), name="notice_mail_unsent")]

    def __str__(self):
        return self.subject

    def get_absolute_url(self):
        return reverse("credits:notice-mail", args=[self.pk])


class NoticeQuerySet(models.QuerySet):
    def open(self):
        return self.filter(settled_on=None)

    def with_what_is_shown(self):
        return self.select_related("account", "currency", "purchase", "milestone", "mail")


class Notice(models.Model):
    """Something that somebody should know of an account's credits, told once: under its key. The figures are those of the
    night that told it; `settled_on` is the night that found its cause gone, and empty while it is there."""

    class Kind(models.TextChoices):
        EXPIRING = "expiring", "Expiring soon"
        LOW_BALANCE = "low_balance", "Low balance"
        SHORT = "short", "Short of credits"

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notices")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, related_name="notices")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, related_name="notices")
    due_on = models.DateField(
        "due date", null=True, help_text="The last usable day of a lot, or a milestone's target date."
    )
    threshold = models.BigIntegerField(
        help_text="Days of notice, fewest credits, or credits that the milestone waits for."
    )
    credits = models.BigIntegerField(help_text="That will lapse, that are available, or that are missing.")
    raised_on = models.DateField("told on")
    created_at = models.DateTimeField(db_default=Now())
    settled_on = models.DateField("settled on", null=True)
    mail = models.ForeignKey(NoticeMail, on_delete=models.PROTECT, null=True, related_name="notices")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_on", "due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="expiring", purchase__isnull=False, milestone=None, due_on__isnull=False, credits__gte=1,
                            threshold__gte=0)
                | Q(kind="low_balance", purchase=None, milestone=None, due_on=None, credits__gte=0,
                    threshold__gt=F("credits"))
                | Q(kind="short", purchase=None, milestone__isnull=False, due_on__isnull=False, credits__gte=1,
                    threshold__gte=F("credits")),
                name="notice_fits_its_kind",
            )
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["raised_on", "due_on"], condition=Q(settled_on=None), name="notice_open"),
            models.Index(fields=["account"], condition=Q(settled_on=None), name="notice_open_of_account"),
            models.Index(fields=["id"], condition=Q(settled_on=None, mail=None), name="notice_to_be_mailed"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.about}"

    def get_absolute_url(self):
        return (self.milestone or self.purchase or self.account).get_absolute_url()

    @property
    def about(self) -> str:
        return str(self.milestone or self.purchase or f"{self.currency_id} balance")
