"""How far something is, told while it is done.

A service takes `report: Report = nobody` and tells it: the step, how much of it is done, how much there is. A command may
print it; a job writes it with `Beside`.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TypeVar

from django.db import Error, connection
from django.utils import timezone

Report = Callable[[str, int, int], object]
Item = TypeVar("Item")
logger = logging.getLogger(__name__)
EVERY = 200  # items of a loop
PAUSE = 0.5  # seconds
WRITE = """
UPDATE pages_jobprogress
SET step = left(%(step)s, 100), done = least(%(done)s, %(total)s), total = %(total)s, reported_at = %(now)s,
    step_began_at = CASE WHEN %(new)s OR step_began_at IS NULL THEN %(now)s ELSE step_began_at END
WHERE job_id = %(job)s
"""


def nobody(step: str, done: int, total: int) -> None:
    """Nobody wants to know."""


def each(items: Sequence[Item], step: str, report: Report) -> Iterator[Item]:
    """The items, with word of how many came before."""
    for done, item in enumerate(items):
        if done % EVERY == 0:
            report(step, done, len(items))
        yield item


class Beside:
    """Writes the progress of a job while the transaction of the job is open, and whatever becomes of it.

    It has a database connection of its own, which commits each word at once: what is written in the job's transaction
    would be seen only when there is nothing left to wait for. It touches the row of the progress alone, which nobody locks
    (the job's own row is locked by whoever does it), so neither waits for the other. Redis would do as well, but it is not
    there in every installation where the database is, and may be emptied; this takes one connection per job under way.
    Progress that cannot be written is logged once and given up: the job does not depend on it.
    """

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.connection = connection.copy()
        self.step: str | None = None
        self.next_at = 0.0
        self.given_up = False

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.connection.close()

    def __call__(self, step: str, done: int, total: int) -> None:
        """A new step at once; within a step at most twice a second."""
        new = step != self.step
        if not self.given_up and (new or time.monotonic() >= self.next_at):
            self.step, self.next_at = step, time.monotonic() + PAUSE
            self._write(step, done, total, new)

    def _write(self, step: str, done: int, total: int, new: bool) -> None:
        values = {"job": self.job_id, "step": step, "done": done, "total": total, "new": new, "now": timezone.now()}
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(WRITE, values)  # type: ignore[arg-type]
        except Error:
            logger.exception("progress of job %s", self.job_id)
            self.given_up = True
