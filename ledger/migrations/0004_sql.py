from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_controls"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [run_sql(SQL / f"{name}.sql") for name in ("changes", "controls", "seals", "accounts")]
