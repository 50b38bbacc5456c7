"""Where a server keeps its socket and, where the checkout is closed to its user, its data."""

import hashlib
import os
import stat
import sys
from pathlib import Path

from .errors import EmbeddedError
from .users import User

# Not TMPDIR: two shells with different ones have to find the same server, and a socket's path has at most 107 bytes.
TEMPORARY = Path("/tmp")
STATE = Path("/var/lib")


def short_name(folder: Path) -> str:
    """A short name that only this folder has."""
    return "drawdown-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def socket_folder(data: Path) -> Path:
    return TEMPORARY / short_name(data)


def make_private(folder: Path, user: User) -> None:
    """Make a folder in the temporary folder that only this user may enter, or see that it is one."""
    try:
        folder.mkdir(mode=0o700)
        user.own(folder)
    except FileExistsError:
        found = folder.lstat()
        # The temporary folder is everybody's: a folder or a link that another user put there is not entered.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or found.st_mode & 0o077:
            raise EmbeddedError(
                f"{folder} is not a private folder of user {user.name}: remove it and start again."
            ) from None


def data_folder(local: Path, user: User) -> Path:
    """Where PostgreSQL's data of this checkout lies: in the local folder, if the user of the server can get there.

    Opening root's folders to everybody is not ours to do, so below them the data goes to the place of the system for
    such things, and a link in the local folder shows where.
    """
    link = local / "postgres"
    if not link.is_symlink() and user.reaches(local):
        return link
    outside = STATE / short_name(local)
    if link.is_symlink() and link.readlink() != outside / "postgres":
        # A copied or moved checkout: two checkouts over one data folder would stop each other's server.
        raise EmbeddedError(
            f"{link} leads to {link.readlink()}, which belongs to a checkout at another path: "
            "remove the link to start with an empty database."
        )
    if not link.is_symlink():
        outside.mkdir(mode=0o755, exist_ok=True)
        link.symlink_to(outside / "postgres")
        print(f"User {user.name} has no way into {local}: the database is kept in {outside}.", file=sys.stderr)
    return outside / "postgres"
