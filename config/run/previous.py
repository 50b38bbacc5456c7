"""A run that is going on, and what one that was killed left behind."""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.processes import send, wait_until

# In the environment of every process of a run, and of whatever these start. The kernel keeps it with the process, so
# unlike a number in a file it cannot come to mean another one.
MARK = "DRAWDOWN_RUN"


def mark(local: Path) -> dict[str, str]:
    return {MARK: str(local)}


@contextmanager
def only_supervisor(local: Path) -> Iterator[None]:
    """Refuse a second run over the same folder. A lock, since the kernel drops it even from who was killed."""
    local.mkdir(parents=True, exist_ok=True)
    with (local / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            sys.exit(f"Drawdown is running already (process {lock.read().strip()}). Stop it first, with Ctrl-C there.")
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def end_all(local: Path, *steps: signal.Signals) -> int:
    """End every process that carries the mark of this folder; how many there were. For the only supervisor."""
    found = marked(local)
    for number in steps:
        for pid in marked(local):
            send(pid, number)
        if wait_until(lambda: not marked(local), 5):
            break
    return len(found)


def marked(local: Path) -> list[int]:
    """The processes of runs over this folder."""
    wanted = os.fsencode(f"{MARK}={local}")
    return [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if wanted in _environment(pid)]


def _environment(pid: int) -> list[bytes]:
    """What a process was started with; nothing for other users' and for ended ones."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
