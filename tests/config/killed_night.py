"""Runs the night and kills its own process (SIGKILL, nothing is cleaned up) before the n-th statement. Not a test itself."""

import os
import signal
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from config import night  # noqa: E402

night.CHUNK_SIZE = 4


def die_before(statement: int):
    count = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return wrapper


with connection.execute_wrapper(die_before(int(sys.argv[1]))):
    for run in night.run_nights():
        print(run.business_date, run.state)
