"""The data folder of the embedded PostgreSQL: checked before each start, made once."""

import os
import shutil
from pathlib import Path

from . import users
from .binaries import POSTGRES_MAJOR
from .errors import EmbeddedError
from .users import User

SUPERUSER = DATABASE = "drawdown"
# Dates, sorting and upper case come out the same on every machine, whatever its locale.
_INITDB = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def check(data: Path, user: User) -> None:
    """Refuse a data folder that this PostgreSQL, or this user, cannot run on."""
    if not data.exists():
        return
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedError(f"{data} is not a PostgreSQL data folder: move it away to start afresh.") from None
    if found != str(POSTGRES_MAJOR):
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {found}, and this is PostgreSQL {POSTGRES_MAJOR}: move it away to start "
            "with an empty database, or bring its data over as docs/production.md says under Upgrade."
        )
    if data.stat().st_uid != user.uid:
        raise EmbeddedError(f"{data} belongs to another user than {user.name}: run as its owner, or move it away.")


def create(data: Path, programs: Path, user: User) -> None:
    """Make the data folder with its database, under another name first: a half-made one is never started."""
    new = data.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    user.own(new)
    _run(user, programs / "initdb", "-D", new, "-U", SUPERUSER, "--auth=peer", "--no-instructions", *_INITDB)
    _admit(new, user)
    _run(user, programs / "postgres", "--single", "-D", new, "postgres", input=f"CREATE DATABASE {DATABASE}\n")
    new.rename(data)


def _run(user: User, *command: str | Path, **options: str) -> None:
    done = user.run(*command, **options)
    # A single-user server ends well even when its statement did not.
    if done.returncode or "ERROR:" in done.stderr:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EmbeddedError(f"{Path(command[0]).name} could not prepare the embedded PostgreSQL: {reason}")


def _admit(data: Path, user: User) -> None:
    """Only the checkout's own user and root get in, as any role: the kernel tells the server who is asking."""
    (data / "pg_hba.conf").write_text("local all all peer map=owner\n")
    names = sorted({user.name, users.current().name, "root"})
    (data / "pg_ident.conf").write_text("".join(f'owner "{name}" all\n' for name in names))
    for name in ("pg_hba.conf", "pg_ident.conf"):
        user.own(data / name)
        os.chmod(data / name, 0o600)
