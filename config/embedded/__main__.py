"""A PostgreSQL program on this checkout's database: `python -m config.embedded pg_dump --file books.sql`."""

import os
import subprocess
import sys

from config import embedded

from . import binaries, users
from .errors import EmbeddedError

PROGRAMS = ("pg_dump", "pg_restore", "psql")


def main() -> int:
    program, *arguments = sys.argv[1:] or [""]
    if program not in PROGRAMS:
        sys.exit(f"Usage: python -m config.embedded PROGRAM ARGUMENTS, PROGRAM being one of {', '.join(PROGRAMS)}.")
    try:
        path = binaries.postgres_bin(users.current(), embedded.local()) / program
    except EmbeddedError as error:
        sys.exit(str(error))
    embedded.provide()
    return subprocess.run([path, "--dbname", os.environ["DATABASE_URL"], *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main())
