"""Who still needs a server: a shared file lock per process, so the kernel keeps the count and a crash lets go."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol


class Server(Protocol):
    url: str

    def is_ready(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Lease:
    """A process's claim on one server of one folder."""

    def __init__(self, local: Path, name: str, make: Callable[[], Server]) -> None:
        """Hold the claim, with the server running: whoever comes first starts it, the others wait for that."""
        self.local, self.name, self.owner = local, name, os.getpid()
        local.mkdir(parents=True, exist_ok=True)
        self.server: Server | None = None
        self.url = ""
        with self._turn():
            self.descriptor = self._open("lease")
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_SH)
                self._serve(make())
            except BaseException:
                # Ctrl-C while it starts must not leave a server that nobody holds.
                self._let_go()
                raise

    def release(self) -> None:
        """Let go; stop the server if nobody else holds a lease. A forked child leaves its parent's lease alone."""
        if self.owner == os.getpid():
            # OSError: the folder was deleted, and nobody can start the server again in the meantime.
            with suppress(OSError), self._turn():
                self._let_go()

    def _serve(self, server: Server) -> None:
        self.server, self.url = server, server.url
        if not server.is_ready():
            server.start()

    def _let_go(self) -> None:
        # BlockingIOError: another process still needs the server.
        with suppress(BlockingIOError):
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self.server:
                self.server.stop()
        os.close(self.descriptor)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time prepares, starts or stops the server."""
        descriptor = self._open("turn")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _open(self, kind: str) -> int:
        # Read-only is enough for a lock, so a file made by root serves an ordinary user too.
        return os.open(self.local / f"{self.name}.{kind}", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
