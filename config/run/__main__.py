"""Start everything, say where it is, and stop everything."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from config import embedded

from . import parts, previous, signals
from .parts import Child
from .web import Address

START_SECONDS = 60


def main() -> None:
    address = Address.wanted(_arguments().port)
    local = embedded.local()
    signals.stop_on_signal()
    try:
        with previous.only_supervisor(local):
            left_behind = previous.end_all(local, signal.SIGTERM, signal.SIGKILL)
            if left_behind:
                print(f"Stopped {left_behind} processes that an earlier run had left behind.", flush=True)
            address.check_free()
            embedded.provide()
            run(address, local)
    except signals.Stop:
        sys.exit(0)
    except OSError as error:
        sys.exit(f"Cannot run in {local} ({error}). Make it writable or name another folder in DRAWDOWN_LOCAL.")


def run(address: Address, local: Path) -> None:
    """Run until a signal asks to stop (exit code 0) or a part of it ends by itself (exit code 1)."""
    children: list[Child] = []
    try:
        logins = prepare(local)
        children += [Child.start(name, command, local) for name, command in parts.commands(address, local).items()]
        started = time.monotonic()
        while not address.answers():
            if time.monotonic() - started > START_SECONDS:
                sys.exit(f"The web server does not answer at {address}.\n{children[0].last_words()}")
            watch(children)
        signals.say(
            f"\nDrawdown is running at {address}\n\n{logins}\n"
            f"Logs are in {children[0].log.parent}. Ctrl-C stops everything.\n"
        )
        while True:
            watch(children)
    except signals.Stop:
        signals.say("Stopping ...")
    finally:
        signals.ignore()
        parts.stop(children, local)


def prepare(local: Path) -> str:
    """Bring database and static files up to date; the logins of the demo company."""
    print("Preparing the database and the pages ...", flush=True)
    command = [sys.executable, "-m", "config.run.prepare"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=parts.environment(local), **parts.keep_up())
    if done.returncode:
        sys.exit("The database or the pages could not be prepared; the reason is above.")
    return done.stdout


def watch(children: list[Child]) -> None:
    time.sleep(0.2)
    for child in children:
        if child.ended():
            sys.exit(f"The {child.name} ended by itself; stopping the rest.\n{child.last_words()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.run", description="Run Drawdown on this machine.")
    parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="default: PORT, else 8000")
    return parser.parse_args()


if __name__ == "__main__":
    main()
