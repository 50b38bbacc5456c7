"""Does a job and kills its own process before the n-th statement. Not a test itself."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from config.tasks import run_job  # noqa: E402
from tests.config.dying import die_before  # noqa: E402

with connection.execute_wrapper(die_before(int(sys.argv[2]))):
    run_job(int(sys.argv[1]))
