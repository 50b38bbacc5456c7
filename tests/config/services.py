"""Processes of the tests for the embedded services and for `make run`: real ones, in a folder of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import embedded
from config.embedded.folders import socket_folder
from config.embedded.processes import command
from config.run import previous

HOLD = "from config import embedded; embedded.provide(); print('up', flush=True); input()"
ASK = """
import json, os, sys
from config import embedded
embedded.provide()
import psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    for statement in json.loads(sys.argv[1]):
        answer = connection.execute(statement)
    print(answer.fetchone()[0])
"""


@contextmanager
def folder(name: str = "local") -> Iterator[Path]:
    """A folder that the server's user can enter, unlike pytest's own; whatever still runs over it is ended."""
    top = Path(tempfile.mkdtemp(prefix="drawdown-test-"))
    top.chmod(0o755)
    try:
        yield top / name
    finally:
        for pid in processes_over(top / name):
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(top)
        for service in ("postgres", "redis"):
            shutil.rmtree(socket_folder(top / name / service), ignore_errors=True)


def start(local: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A Python process with pipes that has nothing configured but its folder. It hears Ctrl-C, even where whoever runs the
    tests does not: a shell starts its background jobs with SIGINT ignored, and what is ignored is inherited."""
    kept = {name: value for name, value in os.environ.items() if name not in embedded.SERVERS}
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=embedded.CHECKOUT,
        env={**kept, "DRAWDOWN_LOCAL": str(local), **environment},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    """What the process prints, up to the line with these words."""
    printed = ""
    while words not in printed:
        line = process.stdout.readline()
        assert line, f"ended before {words!r}: {printed} {process.stderr.read()}"
        printed += line
    return printed


def holder(local: Path) -> subprocess.Popen[str]:
    """A process that holds its leases until its input gets a line."""
    process = start(local, "-c", HOLD)
    wait_for(process, "up")
    return process


def ask(local: Path, *statements: str) -> str:
    """What the embedded database of this folder answers to the last statement."""
    process = start(local, "-c", ASK, json.dumps(statements))
    answer, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return answer.strip()


def refusal(process: subprocess.Popen[str]) -> str:
    """The one sentence with which a process ends that cannot do what it should."""
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert errors.count("\n") == 1
    return errors.strip()


def servers_over(local: Path) -> list[int]:
    signs = (str(local / "postgres"), str(socket_folder(local / "redis")))
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [pid for pid in pids if any(sign in word for word in command(pid) for sign in signs)]


def processes_over(local: Path) -> list[int]:
    """Everything that runs for this folder: the servers by their arguments, the rest by the mark of the run."""
    return servers_over(local) + previous.marked(local)
