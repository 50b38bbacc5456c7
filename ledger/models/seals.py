from django.db import models

from ledger.models.journal import JournalEntry


class JournalSeal(models.Model):
    """One link of the hash chain over the journal: what was recorded since the link before. `hash` is made of the hash
    before it and of the digests of its entries in their order, so that no link can be changed alone."""

    number = models.PositiveIntegerField(primary_key=True)
    day = models.DateField(help_text="The business date of the night that sealed.")
    sealed_at = models.DateTimeField()
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_position__gte=models.F("first_position")), name="journal_seal_range"
            ),
        ]

    def __str__(self):
        return f"Seal {self.number} of {self.day}"


class SealedEntry(models.Model):
    """An entry's place in the register, counted without a gap, and its digest when it was sealed. The event key stands
    here again, so that an entry that vanished can be named."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="sealed")
    event_key = models.CharField(max_length=120)
    seal = models.ForeignKey(JournalSeal, on_delete=models.PROTECT, related_name="entries")
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-position"]
        verbose_name_plural = "sealed entries"
        constraints = [models.CheckConstraint(condition=models.Q(position__gte=1), name="sealed_entry_from_one")]

    def __str__(self):
        return f"{self.position}: {self.event_key}"
