"""What templates/credits/statement.typ is given: the statement as it is read on paper."""

from typing import Any

from credits.reports.positions import Position
from credits.reports.statement import Row, Section, Statement
from pages import formats


def document_data(statement: Statement, *, sender: str, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "sender": sender,
        "customer": [statement.account.name, statement.account.number],
        "first": statement.first,
        "last": statement.last,
        "sections": [_section(section) for section in statement.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    """Of one currency."""
    return {
        "currency": [section.currency.code, section.currency.name],
        "opening": formats.number(section.opening),
        "closing": formats.number(section.closing),
        "came": formats.number(section.credits_in),
        "went": formats.number(section.credits_out),
        "rows": [_row(row) for row in section.rows],
        "uses": [[use.value, formats.number(credits)] for use, credits in section.uses],
        "lots": [_lot(lot) for lot in section.lots],
    }


def _row(row: Row) -> dict[str, Any]:
    moved = row.movement
    return {
        "day": moved.day,
        "document": moved.document,
        "what": f"{moved.what}, {moved.milestone}" if moved.milestone else moved.what,
        "lot": moved.lot.number,
        "expires": row.expires_on,
        "came": formats.number(row.credits_in) if row.credits_in else "",
        "went": formats.number(row.credits_out) if row.credits_out else "",
        "balance": formats.number(row.balance),
    }


def _lot(position: Position) -> dict[str, Any]:
    return {
        "lot": position.lot.number,
        "starts": position.starts_on,
        "expires": position.expires_on,
        "use": position.use.value,
        "credits": formats.number(position.credits),
    }
