"""The processes that make up the product, and how one of them is started and stopped."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import embedded
from config.embedded.processes import wait_until

from . import previous
from .web import Address

# Time for a task or a request under way; what is killed after it is run again from its key in PostgreSQL.
GRACE_SECONDS = 5


def commands(address: Address, local: Path) -> dict[str, list[str]]:
    granian = ["granian", "--interface", "wsgi", "--host", address.host, "--port", str(address.port)]
    granian += ["--workers", "2", "--blocking-threads", "4", "--no-ws", "--access-log"]
    celery = ["celery", "-A", "config"]
    schedule = local / "beat-schedule"
    return {
        "web server": [*granian, "config.wsgi:application"],
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"],
        "beat": [*celery, "beat", "--schedule", str(schedule), "--loglevel", "INFO"],
    }


def environment(local: Path) -> dict[str, str]:
    return {**os.environ, **previous.mark(local), "PYTHONUNBUFFERED": "1"}


def keep_up() -> dict[str, Any]:
    """A child holds the leases too: if this supervisor is killed, the servers stay for as long as the child does."""
    return {"cwd": embedded.CHECKOUT, "start_new_session": True, "pass_fds": embedded.lease_descriptors()}


@dataclass
class Child:
    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, command: list[str], local: Path) -> "Child":
        log = local / "logs" / f"{name.split()[0]}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(local),
                **keep_up(),
            )
        return cls(name, log, process)

    def ended(self) -> bool:
        return self.process.poll() is not None

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def stop(children: list[Child], local: Path) -> None:
    """Ask each to end, give them time, then end whoever is left, and whatever they left.

    Only the leaders are asked: the worker's own children would drop their task at once, the worker lets them finish.
    """
    for child in children:
        if not child.ended():
            child.process.send_signal(signal.SIGTERM)
    wait_until(lambda: all(child.ended() for child in children), GRACE_SECONDS)
    previous.end_all(local, signal.SIGKILL)
    for child in children:
        child.process.wait()
