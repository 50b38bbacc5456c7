from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("credits", "0003_dimensions"), ("ledger", "0004_sql")]
    operations = [run_sql(SQL / "changes.sql"), run_sql(SQL / "dimensions.sql")]
