from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("credits", "0004_sql")]

    operations = [
        migrations.AlterModelOptions(
            name="purchase",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("manage_purchases", "Can create, edit, confirm and clone purchases"),
                    ("expire_purchases", "Can expire purchases and change the dates of confirmed ones"),
                    ("import_certinia", "Can import a data export of Certinia"),
                ],
                "verbose_name": "services credits customer purchase",
            },
        ),
        migrations.AddField(
            model_name="milestone",
            name="claimed_on",
            field=models.DateField(
                blank=True,
                editable=False,
                help_text="The actual date according to an import, until the milestone is completed here.",
                null=True,
                verbose_name="claimed date",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=Q(claimed_on=None) | Q(actual_on=None), name="milestone_claims_until_it_is_completed"
            ),
        ),
    ]
