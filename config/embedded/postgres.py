"""The embedded PostgreSQL: programs out of a wheel, data in the local folder, a socket and no port."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from . import binaries, cluster, folders, users
from .errors import EmbeddedError
from .processes import is_postmaster, send, wait_until

# No process has this number (the kernel's highest is 4194304): PostgreSQL takes a pid file with it for stale.
NO_PROCESS = 4194305
# Part of the socket's name; said everywhere, or PGPORT in somebody's shell would move it.
PORT = "5432"
# Recovery after a crash may take its time.
PATIENCE = 120


class Postgres:
    name = "postgres"

    def __init__(self, local: Path, *, durable: bool = True) -> None:
        self.local, self.durable = local, durable
        self.process: subprocess.Popen[bytes] | None = None
        local.mkdir(parents=True, exist_ok=True)
        self.user = users.unprivileged(local / self.name)
        self.data = folders.data_folder(local, self.user)
        cluster.check(self.data, self.user)
        self.bin = binaries.postgres_bin(self.user, self.data.parent)
        self.sockets = folders.socket_folder(self.data)
        folders.make_private(self.sockets, self.user)
        self.url = f"postgresql://{cluster.SUPERUSER}@/{cluster.DATABASE}?host={self.sockets}&port={PORT}"

    def is_ready(self) -> bool:
        """Ask the server: a pid file, a socket or a process says little."""
        where = ["-h", str(self.sockets), "-p", PORT, "-U", cluster.SUPERUSER, "-d", "postgres"]
        return subprocess.run([self.bin / "pg_isready", "-q", *where]).returncode == 0

    def start(self) -> None:
        if not self.data.exists():
            cluster.create(self.data, self.bin, self.user)
        if self._is_running() and not self._hears():
            self.stop()
        self._forget_stranger()
        folders.make_private(self.sockets, self.user)
        log = self.local / "postgres.log"
        # After SIGKILL of the server its own children take a moment to leave, and until then it refuses to start.
        if not self._is_running() and not wait_until(lambda: self._spawn(log), 3, pause=0.5):
            raise EmbeddedError(f"The embedded PostgreSQL did not start; the reason is at the end of {log}.")

    def stop(self) -> None:
        """A fast shutdown, and an immediate one if that takes too long: the next start recovers from the log."""
        for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10)):
            if self._is_running():
                send(self._pid(), number)
                wait_until(lambda: not self._is_running(), seconds)
        with suppress(OSError):
            self.sockets.rmdir()

    def _spawn(self, log: Path) -> bool:
        settings = [f"unix_socket_directories={self.sockets}", "unix_socket_permissions=0700", "listen_addresses="]
        settings += [f"port={PORT}"]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self.user.switch(),
            )
        wait_until(lambda: self.is_ready() or not self._is_own(), PATIENCE)
        return self.is_ready()

    def _hears(self) -> bool:
        """Wait for a server that is starting or recovering; without its socket, swept away, it never answers."""
        socket_file = self.sockets / f".s.PGSQL.{PORT}"
        wait_until(lambda: socket_file.exists() or not self._is_running(), 2)
        return socket_file.exists() and wait_until(lambda: self.is_ready() or not self._is_running(), PATIENCE)

    def _is_own(self) -> bool:
        """Whether the server is a child of ours, and running."""
        return self.process is not None and self.process.poll() is None

    def _is_running(self) -> bool:
        return self._is_own() or is_postmaster(self._pid(), self.bin / "postgres", self.data, self.user)

    def _pid(self) -> int:
        if self.process and self._is_own():
            return self.process.pid
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return NO_PROCESS

    def _forget_stranger(self) -> None:
        """After a crash the number in the pid file may be another process's, and PostgreSQL would refuse to start.

        Only the number goes: the rest tells PostgreSQL whether children of the crashed server are still about.
        """
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and not self._is_running() and os.path.exists(f"/proc/{self._pid()}"):
            lines = pid_file.read_text().split("\n")
            pid_file.write_text("\n".join([str(NO_PROCESS), *lines[1:]]))
