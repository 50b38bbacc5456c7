"""Which user a server runs as. PostgreSQL refuses to run as root, so there another, existing user does it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import EmbeddedError


@dataclass(frozen=True)
class User:
    name: str
    uid: int
    gid: int

    def switch(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run a program as this user."""
        if self.uid == os.geteuid():
            return {"cwd": "/"}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, **self.switch(), **options)

    def reaches(self, folder: Path) -> bool:
        """Whether this user may go into the folder: below /root, for one, nobody else may."""
        return self.uid == os.geteuid() or self.run("test", "-x", folder).returncode == 0

    def own(self, path: Path) -> None:
        if path.stat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid)


def current() -> User:
    """Who we are. PostgreSQL knows its clients by the name of their user."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"User id {uid} has no name on this machine, and the embedded PostgreSQL cannot run as it. "
            "Give it an entry in /etc/passwd or set DATABASE_URL."
        ) from None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def unprivileged(data: Path) -> User:
    """The user for a data folder: ourselves; for root the folder's owner, or at first `postgres` or `nobody`."""
    us = current()
    if us.uid != 0:
        return us
    entries = {entry.pw_name: entry for entry in pwd.getpwall()}
    owner = data.stat().st_uid if data.exists() else 0
    for entry in [
        *(each for each in entries.values() if each.pw_uid == owner),
        entries.get("postgres"),
        entries.get("nobody"),
    ]:
        if entry and entry.pw_uid:
            return User(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`. "
        "Run as another user or set DATABASE_URL."
    )
