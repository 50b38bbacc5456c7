from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("prepaid", "0006_contracts")]
    operations = [
        run_sql(SQL / "packages.sql"),
        run_sql(SQL / "contracts.sql"),
        run_sql(SQL / "deferrals.sql"),
        run_sql(SQL / "contract_lines.sql"),
    ]
