from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0005_sql")]
    operations = [
        migrations.AlterModelOptions(
            name="projectentry",
            options={
                "ordering": ["-worked_on", "-id"],
                "permissions": [("record_work", "Can record time and material of projects")],
                "verbose_name_plural": "project entries",
            },
        )
    ]
