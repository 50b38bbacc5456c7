"""A real PostgreSQL and a real Redis for a checkout that has nothing configured.

`provide()` is called before Django's settings are read. Where DATABASE_URL or REDIS_URL is set it does nothing.
"""

import atexit
import os
import signal
import sys
import threading
from pathlib import Path

from .errors import EmbeddedError
from .lease import Lease
from .postgres import Postgres
from .redis import Redis

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SERVERS: dict[str, type[Postgres | Redis]] = {"DATABASE_URL": Postgres, "REDIS_URL": Redis}

_leases: list[Lease] = []


def local() -> Path:
    """The folder of everything this checkout keeps on this machine: DRAWDOWN_LOCAL, else `.local` in the checkout."""
    return Path(CHECKOUT, os.environ.get("DRAWDOWN_LOCAL") or ".local").resolve()


def provide(*, durable: bool = True) -> None:
    """Put the address of each service that is not configured into the environment, starting its server if need be.

    The server runs for as long as any process holds a lease on it. With `durable=False` (tests) PostgreSQL does not
    wait for the disk. What cannot be done is one sentence on stderr and exit code 1.
    """
    missing = [variable for variable in SERVERS if not os.environ.get(variable)]
    if not missing:
        return
    if os.environ.get("DRAWDOWN_ENV") == "production":
        names = " and ".join(missing)
        print(f"{names} not set: production settings run on the embedded services in {local()}.", file=sys.stderr)
    _release_on_exit()
    try:
        for variable in missing:
            os.environ[variable] = _take(SERVERS[variable], durable)
    except EmbeddedError as error:
        sys.exit(str(error))
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        sys.exit(
            f"The embedded services cannot use {local()} ({reason}). Make it writable, name another folder "
            f"in DRAWDOWN_LOCAL, or set {' and '.join(missing)}."
        )


def lease_descriptors() -> tuple[int, ...]:
    """The files that hold this process's leases: a child that inherits them keeps the servers up as well."""
    return tuple(lease.descriptor for lease in _leases)


def release() -> None:
    """Give the leases back; the last process out stops the servers."""
    while _leases:
        _leases.pop().release()


def _take(kind: type[Postgres | Redis], durable: bool) -> str:
    folder = local()
    lease = Lease(folder, kind.name, lambda: kind(folder, durable=durable))
    _leases.append(lease)
    return lease.url


def _release_on_exit() -> None:
    """Python leaves without `atexit` on TERM and HUP, and the server would stay behind: turn them into an exit."""
    if _leases:
        return
    atexit.register(release)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda received, frame: sys.exit(128 + received))
