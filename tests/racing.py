"""Threads with connections of their own, let go at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def at_once(actions: list[Callable[[], Any]]) -> list:
    """Runs all actions from one starting shot, each on a connection of its own; gives results and errors in order."""
    barrier = Barrier(len(actions))

    def one(action):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return action()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


def split(results: list) -> tuple[int, list[type]]:
    """How many succeeded, and what the others raised."""
    errors = [result for result in results if isinstance(result, Exception)]
    return len(results) - len(errors), sorted({type(error) for error in errors}, key=str)
