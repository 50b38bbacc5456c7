from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """The gate let a completed milestone lose its number: compared with NULL, the CHECK passed."""

    dependencies = [("credits", "0002_sql")]
    operations = [
        migrations.RemoveConstraint("milestone", "milestone_allocated_in_full_before_it_is_done"),
        migrations.AddConstraint(
            "milestone",
            models.CheckConstraint(
                condition=Q(actual_on=None)
                | Q(credits_needed=None, credits_allocated=0)
                | Q(credits_needed__isnull=False, credits_allocated=F("credits_needed")),
                name="milestone_allocated_in_full_before_it_is_done",
            ),
        ),
    ]
