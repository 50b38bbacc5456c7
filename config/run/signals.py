"""Ctrl-C, `kill` and a closed terminal all mean: stop in order."""

import signal
from contextlib import suppress

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """Asked to stop. No error, so nothing that handles errors may catch it."""


def stop_on_signal() -> None:
    def stop(number: int, frame: object) -> None:
        raise Stop

    for number in STOPPING:
        # Under nohup a closed terminal is to be ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def ignore() -> None:
    """From here on the stop takes its few seconds; a second Ctrl-C would leave processes behind."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def say(text: str) -> None:
    """To a terminal that may be gone by now."""
    with suppress(OSError):
        print(text, flush=True)
