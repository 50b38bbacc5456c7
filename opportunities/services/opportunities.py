"""Entering an opportunity with its lines, and changing it. Books: none; a line reaches them through what is bought."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from ledger.models import Currency
from ledger.services.changes import made_by
from opportunities.exceptions import OpportunityFixed
from opportunities.models import Account, Opportunity
from opportunities.reports.usage import buyers_of
from opportunities.services.lines import LineTerms, remove_lines, unnamed_lines, write_lines
from opportunities.services.locks import lock_account
from opportunities.services.numbers import free_number


@dataclass(frozen=True, kw_only=True)
class OpportunityTerms:
    """The head of an opportunity; its currency is the currency of every line."""

    name: str
    account: Account
    currency: Currency
    stage: str
    closes_on: datetime.date


@transaction.atomic
def create_opportunity(terms: OpportunityTerms, *, lines: Sequence[LineTerms] = (), actor) -> Opportunity:
    """Makes the opportunity under the next free number, with its lines priced. Refused: what a line refuses."""
    lock_account(terms.account.pk)
    made_by(actor, "Create opportunity")
    opportunity = Opportunity(**vars(terms), number=free_number(Opportunity))
    opportunity.save(force_insert=True)
    write_lines(opportunity, lines, bought={})
    return opportunity


@transaction.atomic
def edit_opportunity(
    opportunity: Opportunity,
    terms: OpportunityTerms,
    *,
    lines: Sequence[LineTerms] = (),
    removed: Collection[int] = (),
    actor,
) -> Opportunity:
    """Changes head and lines; a line that is not named stays.

    Refused: another account or currency once a line was bought (OpportunityFixed); what `write_lines` and `remove_lines`
    refuse.
    """
    lock_account(opportunity.account_id)
    opportunity = Opportunity.objects.select_for_update(of=["self"]).get(pk=opportunity.pk)
    bought = buyers_of(opportunity)
    for field in ("account", "currency") if bought else ():
        if getattr(opportunity, f"{field}_id") != getattr(terms, field).pk:
            raise OpportunityFixed(opportunity, field, bought)
    made_by(actor, "Edit opportunity")
    remove_lines(opportunity, removed, bought)
    if opportunity.currency_id != terms.currency.pk:
        lines = [*lines, *unnamed_lines(opportunity, lines)]
    for name, value in vars(terms).items():
        setattr(opportunity, name, value)
    opportunity.save()
    write_lines(opportunity, lines, bought)
    return opportunity
