from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("prepaid", "0003_fulfilment")]
    operations = [run_sql(SQL / "lines.sql")]
