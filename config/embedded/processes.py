"""What a process really is. A number in a file may by now be anybody's, so nothing is signalled on its word alone."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .users import User


def command(pid: int) -> list[str]:
    """The words a process was started with; none if there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def executable(pid: int, user: User) -> str:
    """The program a process runs, as its own user sees it: in a container root may not look at other users'."""
    return user.run("readlink", f"/proc/{pid}/exe").stdout.rstrip("\n").removesuffix(" (deleted)")


def is_postmaster(pid: int, program: Path, data: Path, user: User) -> bool:
    """Whether this process is the PostgreSQL server over this data folder."""
    words = command(pid)
    over_this_data = "-D" in words and words[words.index("-D") + 1 :][:1] == [str(data)]
    return over_this_data and executable(pid, user) == str(program.resolve())


def send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
