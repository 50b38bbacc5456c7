"""The embedded Redis: it carries messages only, so it keeps nothing on disk."""

import os
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from . import binaries, folders, users
from .errors import EmbeddedError
from .processes import wait_until


class Redis:
    name = "redis"

    def __init__(self, local: Path, *, durable: bool = True) -> None:
        self.local = local
        self.process: subprocess.Popen[bytes] | None = None
        self.program = binaries.redis_server()
        self.socket = folders.socket_folder(local / self.name) / "redis.sock"
        folders.make_private(self.socket.parent, users.current())
        self.url = f"redis+socket://{self.socket}"

    def is_ready(self) -> bool:
        return self._ask(b"PING").startswith(b"+PONG")

    def start(self) -> None:
        log = self.local / "redis.log"
        options = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        options += ["--save", "", "--appendonly", "no", "--dir", str(self.socket.parent)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [self.program, *options], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        if not wait_until(lambda: self.is_ready() or self._died(), 10) or self._died():
            raise EmbeddedError(f"The embedded Redis did not start; the reason is in {log}.")

    def stop(self) -> None:
        """Ask over its own socket: no process number is involved that could be another's."""
        self._ask(b"SHUTDOWN NOSAVE")
        wait_until(lambda: not self._answers(), 5)
        if self.process:
            self.process.wait(5)
        with suppress(OSError):
            self.socket.parent.rmdir()

    def _died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _answers(self) -> bool:
        return self._ask(b"PING") != b""

    def _ask(self, request: bytes) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(os.fspath(self.socket))
                connection.sendall(request + b"\r\n")
                return connection.recv(64)
        except OSError:
            return b""
