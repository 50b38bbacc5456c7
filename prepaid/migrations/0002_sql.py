from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("prepaid", "0001_initial"), ("opportunities", "0005_sql"), ("ledger", "0007_sql")]
    operations = [run_sql(SQL / "entries.sql"), run_sql(SQL / "services.sql"), run_sql(SQL / "documents.sql")]
