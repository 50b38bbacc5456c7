"""Runs the night and kills its own process (SIGKILL, nothing is cleaned up) before the n-th statement. Not a test itself."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from config import night  # noqa: E402
from tests.config.dying import die_before  # noqa: E402

night.CHUNK_SIZE = 4


with connection.execute_wrapper(die_before(int(sys.argv[1]))):
    for run in night.run_nights():
        print(run.business_date, run.state)
