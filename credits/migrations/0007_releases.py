from pathlib import Path

from django.db import migrations

from ledger.sqlfiles import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """The totals of the lots follow the releases from the next migration on, so those of the past come first."""

    dependencies = [("credits", "0006_corrections"), ("ledger", "0005_correction_accounts")]
    operations = [run_sql(SQL / "level.sql"), run_sql(SQL / "releases_so_far.sql")]
