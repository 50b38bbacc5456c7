"""What contract invoices make of deferrals, their parts and billed days, against what is stored; and which releases there
were, taken back or not."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.replay.contracts_events import KEY, Run, StoredDeferral, StoredPart
from config.replay.contracts_model import Contracts
from config.replay.contracts_parts import Deferral, Part
from config.replay.model import EXACT
from config.replay.prepaid_events import Told
from config.replay.prepaid_parts import QUANTITY

Found = Iterator[tuple[str, dict[str, Any], dict[str, Any]]]
Runs = dict[int, Run]


def release_keys(told: Told, runs: Runs) -> set[str]:
    """Of the releases that stand, by their parts; of those that were taken back, by what they posted: no part names them any
    more. A part that a credit memo took meanwhile stays with its run."""
    stand = {
        (part.id, part.run) for parts in told.contracts.parts.values() for part in parts if posts(part) and part.run
    }
    keys = {f"{KEY}{part}:{run}" for part, run in stand}
    for key in told.journal:
        if key.startswith(KEY):
            number, run = map(int, key.split(":")[1:3])
            if run in runs and runs[run].undone:
                keys |= {f"{KEY}{number}:{run}"} | ({f"{KEY}{number}:{run}:undone"} - keys_of(stand, number, run))
    return keys


def keys_of(stand: set, number: int, run: int) -> set[str]:
    return {f"{KEY}{number}:{run}:undone"} if (number, run) in stand else set()


def posts(part: StoredPart) -> bool:
    return bool(part.amount or part.amount_lcy)


def tell_release(made: Contracts, key: str, runs: Runs) -> None:
    number, run, *undone = key.split(":")[1:]
    if undone:
        made.take_back_release(int(number), int(run))
    else:
        made.release(int(number), int(run), runs[int(run)].until)


def told_to(told: Told) -> dict[str, Any]:
    """What the model is given beside the events."""
    stored = told.contracts
    parts = {line: stored.parts.get(deferral.id, []) for line, deferral in stored.deferrals.items()}
    return {
        "periods": stored.periods,
        "numbers": {line: (stored.deferrals[line].id, [part.id for part in cut]) for line, cut in parts.items()},
        "of_nothing": {
            part.id: (part.run, part.closed_by) for cut in parts.values() for part in cut if not posts(part)
        },
        "quantities": {service.id for service in told.services.values() if service.type == "quantity"},
    }


def compared(told: Told, made: Contracts) -> Found:
    stored = told.contracts
    for line in sorted(stored.deferrals.keys() | made.deferrals.keys()):
        yield from deferral(made, line, stored.deferrals.get(line), made.deferrals.get(line))
        cut = stored.parts.get(stored.deferrals[line].id, []) if line in stored.deferrals else []
        yield from parts(made, line, cut, made.deferrals.get(line))
    for line, days in stored.periods.items():
        said: dict[str, Any] = {"kept_until": made.kept_until.get(line)}
        if line in made.topped_up:
            said["top_up_quantity"] = EXACT.scaleb(Decimal(made.topped_up[line]), -QUANTITY)
        yield f"days billed by line {line}", said, days._asdict()


def deferral(made: Contracts, line: int, found: StoredDeferral | None, expected: Deferral | None) -> Found:
    subject = f"contract deferral of line {line}"
    if found is None or expected is None:
        there = {True: {"it": "there"}, False: {"it": "missing"}}
        yield subject, there[expected is not None], there[found is not None]
        return
    said = {
        "amount": made.company.major(expected.own, expected.currency),
        "amount_lcy": made.company.major(expected.lcy, made.company.lcy),
        "currency": expected.currency,
        "business_group": expected.business_group,
        "product_group": expected.group,
        "deferral_account": expected.account,
        "revenue_account": expected.revenue,
        "dimensions": expected.dims,
        "by_equal_months": expected.by_equal_months,
        "starts_on": made.periods[line].starts_on,
        "ends_on": made.periods[line].ends_on,
    }
    yield subject, said, found._asdict()


def parts(made: Contracts, line: int, found: list[StoredPart], expected: Deferral | None) -> Found:
    cut = expected.parts if expected else []
    if len(cut) != len(found):
        yield f"contract deferral of line {line}", {"parts": len(cut)}, {"parts": len(found)}
    for part, stored in zip(cut, found, strict=False):
        assert expected
        yield (
            f"part {stored.id} of contract deferral {stored.deferral}",
            part_said(made, expected, part, stored),
            stored._asdict(),
        )


def part_said(made: Contracts, of: Deferral, part: Part, stored: StoredPart) -> dict[str, Any]:
    said = {
        "starts_on": part.starts_on,
        "ends_on": part.ends_on,
        "amount": made.company.major(part.own, of.currency),
        "amount_lcy": made.company.major(part.lcy, made.company.lcy),
        "due_on": part.due_on,
        "closed_by": part.closed_by,
    }
    return {**said, "run": part.run} if posts(stored) else said
