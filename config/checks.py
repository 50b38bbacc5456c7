"""Every check of the books and of the sub-ledgers against them, gathered from the apps."""

from dataclasses import dataclass

from credits.reports import checks as credits_checks
from ledger.reports import checks as ledger_checks
from ledger.reports.checks import Check, Offender

CHECKS: dict[str, Check] = {**ledger_checks.CHECKS, **credits_checks.CHECKS}


@dataclass(frozen=True)
class Checked:
    """One check and what it found."""

    name: str
    offenders: list[Offender]


def check_books() -> list[Checked]:
    """Runs every check; nothing found anywhere means that the books agree."""
    return [Checked(name, check()) for name, check in CHECKS.items()]
