from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("credits", "0007_releases")]
    operations = [run_sql(SQL / "releases.sql"), run_sql(SQL / "corrections.sql")]
