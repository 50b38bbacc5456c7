"""The register of the journal: its head, by which all of it is known, and what waits to be sealed."""

import re
from typing import NamedTuple

from django.db import connection

from ledger.models import JournalSeal

WRITTEN = re.compile(r"([0-9]{1,10}):([0-9a-f]{64})")


class Head(NamedTuple):
    """The seal that was the last one at some time. Written 17:9f86d0…, it stands for everything up to it."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Of what `str` wrote; ValueError where it is nothing of the kind."""
        if not (found := WRITTEN.fullmatch(text.strip().lower())):
            raise ValueError(
                f"“{text}” is no head of the register: it is written number:hash, the hash with 64 digits."
            )
        return cls(int(found[1]), found[2])


def head() -> Head | None:
    """The last seal; None before the first one."""
    last = JournalSeal.objects.order_by("-number").values_list("number", "hash").first()
    return Head(*last) if last else None


def count_unsealed() -> int:
    """Entries that the next night seals."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_journalentry e"
            " WHERE NOT EXISTS (SELECT FROM ledger_sealedentry s WHERE s.entry_id = e.id)"
        )
        return cursor.fetchone()[0]
