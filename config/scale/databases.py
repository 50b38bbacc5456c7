"""Databases of the benches: made from a template, so that every contender starts from the same rows, and dropped after."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection


@dataclass(frozen=True)
class Measured:
    """A command that was run: wall seconds, and the memory it held at most."""

    seconds: float
    megabytes: float


def url_of(name: str) -> str:
    """The address of a database beside the configured one."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def database(name: str, *, template: str = "template0") -> Iterator[str]:
    """A database of that name, a copy of `template`; its address. Gone when the block ends."""
    with psycopg.connect(url_of("postgres"), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield url_of(name)
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def connected(name: str) -> Iterator[None]:
    """Django's own connection leads to that database inside the block."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def run(url: str, *command: str) -> Measured:
    """Runs a command of manage.py on that database, in a process of its own."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"manage.py {' '.join(command)} ended with {process.returncode}.")
    return Measured(time.perf_counter() - started, usage.ru_maxrss / 1024)
