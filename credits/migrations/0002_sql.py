from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial"), ("ledger", "0002_sql")]
    operations = [run_sql(SQL / "purchases.sql"), run_sql(SQL / "consumptions.sql")]
