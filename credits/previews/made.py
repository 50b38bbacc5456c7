"""Entering purchases, run and described: one of its own, a draft that is edited, the lines of an opportunity."""

import datetime
from collections.abc import Sequence

from credits.models import Purchase
from credits.previews.entry import difference, later, warnings
from credits.previews.lots import confirm_label, new_lot, now
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.purchases import confirm_purchase, create_purchase, edit_draft
from credits.services.terms import Terms
from ledger.previews.postings import recorded
from opportunities.models import Opportunity
from pages.preview import LeftOut, Link, Preview


def create_and_describe(terms: Terms, *, draft: bool, actor, on: datetime.date) -> tuple[Purchase, Preview]:
    purchase, postings = recorded(lambda: create_purchase(terms, actor=actor, draft=draft))
    made = now(purchase)
    preview = Preview(
        changes=[new_lot(made)],
        postings=postings,
        left_out=later(made, actor),
        warnings=warnings(made, on),
        confirm_label=confirm_label("Create draft" if draft else "Create purchase", postings),
        made=[_link(made)],
    )
    return made, preview


def edit_and_describe(before: Purchase, terms: Terms, *, confirm: bool, actor, on: datetime.date) -> Preview:
    """With `confirm` the draft ends as well."""

    def edit() -> None:
        edit_draft(before, terms, actor=actor)
        if confirm:
            confirm_purchase(before, actor=actor)

    _, postings = recorded(edit)
    after = now(before)
    return Preview(
        changes=difference(before, after),
        postings=postings,
        left_out=later(after, actor),
        warnings=warnings(after, on),
        confirm_label=confirm_label("Save and confirm" if confirm else "Save draft", postings),
    )


def buy_and_describe(
    opportunity: Opportunity, rows: Sequence[Row], *, draft: bool, remarks: Sequence[str], actor, on: datetime.date
) -> Preview:
    """`remarks` is what the window says of the opportunity and of its lines."""
    made, postings = recorded(lambda: create_from_opportunity(opportunity, rows, draft=draft, actor=actor))
    lots = [now(purchase) for purchase in made]
    noun = f"{len(lots)} {'draft' if draft else 'purchase'}{'s' if len(lots) > 1 else ''}"
    return Preview(
        changes=[new_lot(lot) for lot in lots],
        postings=postings,
        left_out=_left_out(lots, actor),
        warnings=_warnings(lots, remarks, on),
        confirm_label=confirm_label(f"Create {noun}", postings),
        made=[_link(lot) for lot in lots],
    )


def _left_out(lots: list[Purchase], actor) -> list[LeftOut]:
    """What is true of several lots is said once, the postings first."""
    found = dict.fromkeys(left for lot in lots for left in later(lot, actor))
    return sorted(found, key=lambda left: left.label, reverse=True)


def _warnings(lots: list[Purchase], remarks: Sequence[str], on: datetime.date) -> list[str]:
    """Each once, however many lots it is true of."""
    texts = [*remarks, *(text for lot in lots for text in warnings(lot, on))]
    return list(dict.fromkeys(filter(None, texts)))


def _link(purchase: Purchase) -> Link:
    return Link(f"Purchase {purchase.number}", purchase.get_absolute_url())
