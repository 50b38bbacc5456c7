"""What templates/prepaid/statement.typ is given: the statement as it is read on paper."""

import datetime
from typing import Any

from ledger.dates import ledger_setup
from pages import formats, pdf
from prepaid.models import PrepaidEntry
from prepaid.reports.statement import Left, Row, Section, Statement, Units
from prepaid.shown import quantity

TEMPLATE, TITLE = "prepaid/statement.typ", "Statement of prepaid services"
NO_END = "Unlimited"


def as_pdf(statement: Statement) -> bytes:
    return pdf.document(TEMPLATE, document_data(statement))


def document_data(statement: Statement) -> dict[str, Any]:
    account = statement.account
    return {
        "title": TITLE,
        "sender": ledger_setup().company_name,
        "customer": [account.name, account.number],
        "address": account.address.splitlines(),
        "first": formats.day(statement.first),
        "last": formats.day(statement.last),
        "lcy": statement.lcy.code,
        "sections": [_section(statement, section) for section in statement.sections],
    }


def _section(statement: Statement, section: Section) -> dict[str, Any]:
    service = section.service
    return {
        "service": [service.number, service.description],
        "unit": section.currency.code if service.is_amount and section.currency else service.unit_of_measure,
        "with_lcy": statement.in_lcy(section),
        "opening": _read(section, section.opening),
        "closing": _read(section, section.closing),
        "came": _read(section, section.came),
        "went": _read(section, section.went),
        "opening_lcy": formats.number(section.opening.amount_lcy, statement.lcy.decimals),
        "closing_lcy": formats.number(section.closing.amount_lcy, statement.lcy.decimals),
        "rows": [_row(statement, section, row) for row in section.rows],
        "left": [_left(section, left, statement.last) for left in section.left],
    }


def _row(statement: Statement, section: Section, row: Row) -> dict[str, Any]:
    read = _read(section, row.moved if row.came_in else Units() - row.moved)
    return {
        "day": row.entry.posted_on,
        "document": document_of(row.entry),
        "what": row.what,
        "until": until_of(row),
        "came": read if row.came_in else "",
        "went": "" if row.came_in else read,
        "balance": _read(section, row.balance),
        "lcy": formats.number(row.balance.amount_lcy, statement.lcy.decimals),
    }


def _left(section: Section, left: Left, last: datetime.date) -> dict[str, Any]:
    until = left.valid_until
    return {
        "until": formats.day(until) if until else NO_END,
        "unlimited": until is None,
        "note": "lapsed" if until and until < last else "",
        "left": _read(section, left.left),
    }


def document_of(entry: PrepaidEntry) -> str:
    """Invoice INV-000001"""
    return f"{entry.get_document_type_display()} {entry.document_no}".strip()


def until_of(row: Row) -> datetime.date | str:
    """The last day of use of what came in."""
    return (row.entry.valid_until or NO_END) if row.came_in else ""


def _read(section: Section, units: Units) -> str:
    """With the decimals of the currency, or those that a quantity has."""
    if not section.service.is_amount:
        return quantity(units.quantity)
    return formats.number(units.amount, section.currency.decimals if section.currency else 0)
