"""What can be agreed at all: terms that are single terms and fit each other, and which of them top up a prepaid service."""

import datetime

from ledger.dates import business_date
from ledger.money import has_decimals
from pages import formats
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, DateFormula
from prepaid.exceptions import BadContract
from prepaid.models import CommitmentTerms, InvoicingVia, Partner
from prepaid.periods import BadTerm, Term
from prepaid.terms import Agreed

A_HUNDRED_YEARS = datetime.timedelta(days=36525)  # no term is longer, so that no day leaves the calendar
SINGLE_TERMS = ("base_period", "rhythm", "initial_term", "extension_term", "notice_period")


def agreed(terms: CommitmentTerms) -> Agreed:
    return Agreed.parse(terms.initial_term, terms.extension_term, terms.notice_period)


def tidy(terms: CommitmentTerms) -> None:
    """Periods and formulas as they are stored: in capitals, without blanks and the brackets around a formula."""
    for name in (*SINGLE_TERMS, "start_formula"):
        text = "".join(getattr(terms, name).split()).upper()
        setattr(terms, name, text[1:-1] if text.startswith("<") and text.endswith(">") else text)


def refusal_of_terms(terms: CommitmentTerms, *, error: type[Refused] = BadContract) -> Refused | None:
    """Why agreed terms are none; the first field. `error` is the class that says it."""
    for name in SINGLE_TERMS:
        text = getattr(terms, name)
        if not text and name not in ("base_period", "rhythm"):
            continue
        try:
            Term.parse(text)
        except BadTerm as bad:
            return error(str(bad), field=name)
    base, rhythm = Term.parse(terms.base_period), Term.parse(terms.rhythm)
    if rhythm.times(base) is None and base.times(rhythm) is None:
        return error(
            f"A rhythm of {terms.rhythm} and a base period of {terms.base_period}: the one has to be a whole multiple of "
            "the other.",
            field="rhythm",
        )
    if terms.extension_term and not terms.initial_term:
        return error(
            "What goes on has an initial term first. Enter it, or leave the extension empty.", field="initial_term"
        )
    if terms.base_percent < 0 or not has_decimals(terms.base_percent, 4):
        return error(
            f"{formats.exact(terms.base_percent)} %: enter 0 or more, with at most 4 decimals.", field="base_percent"
        )
    if terms.start_formula:
        try:
            DateFormula.parse(terms.start_formula)
        except BadDateFormula as bad:
            return error(bad.message, field="start_formula")
    return None


def refusal_of_far_day(day: datetime.date | None, field: str) -> Refused | None:
    """Why nothing is agreed for the day: it lies a hundred years away, where the calendar may end before a term does."""
    if day is None or abs(day - business_date()) <= A_HUNDRED_YEARS:
        return None
    return BadContract(f"{formats.day(day)} lies more than a hundred years away. Enter a nearer day.", field=field)


def why_not_for_prepaid(terms: CommitmentTerms) -> tuple[str, str] | None:
    """The field, and a sentence, for which the periods of such terms top up no prepaid service."""
    if terms.partner != Partner.CUSTOMER:
        return "partner", "its partner is the vendor. Choose the customer."
    if terms.invoicing_via != InvoicingVia.CONTRACT:
        return "invoicing_via", "it is invoiced via sales. Choose contract."
    if terms.invoicing_item_id is not None:
        return "invoicing_item", "it names an invoicing item. Leave that empty."
    if terms.base_percent != 100:
        return "base_percent", f"its calculation base is {formats.exact(terms.base_percent)} %. Enter 100."
    return None
