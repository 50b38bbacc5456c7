from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("prepaid", "0004_lines")]
    operations = [run_sql(SQL / "project_entries.sql")]
