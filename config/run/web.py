"""Where the web server listens."""

import errno
import http.client
import os
import socket
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @classmethod
    def wanted(cls, port: str) -> "Address":
        """This machine alone can reach it unless HOST says otherwise."""
        if not port.isdecimal() or not 0 < int(port) < 65536:
            sys.exit(f"PORT is {port!r}; it has to be a number from 1 to 65535, as in: make run PORT=8001")
        return cls(os.environ.get("HOST") or "127.0.0.1", int(port))

    def check_free(self) -> None:
        """Asked before the web server tries: it answers a port that is taken with a backtrace of its own."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            socket.create_server((self.host, self.port), family=family).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sys.exit(
                    f"Port {self.port} is taken by another program. Use another one: make run PORT={self.port + 1}"
                )
            if error.errno == errno.EACCES:
                sys.exit(f"Port {self.port} is reserved for root. Use another one: make run PORT=8000")
            sys.exit(f"Cannot listen at {self.host}, port {self.port} ({error}). Check HOST and PORT.")

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(self._reachable(), self.port, timeout=5)
        try:
            connection.request("HEAD", "/health/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    def _reachable(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
