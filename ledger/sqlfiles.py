"""A migration's SQL lives in a `.sql` file of the app, to be read and edited as SQL."""

from pathlib import Path

from django.db import migrations


def run_sql(path: Path) -> migrations.RunSQL:
    return migrations.RunSQL(path.read_text(encoding="utf-8"), migrations.RunSQL.noop)
