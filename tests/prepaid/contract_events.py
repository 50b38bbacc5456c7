"""Contracts in small: every event that moves a deferral, a billed period or the books, in two currencies. For tests of what
finance signs: checks, tie-out, roll-forward, forecasts."""

from dataclasses import dataclass
from decimal import Decimal

from prepaid.models import ContractDeferral, PrepaidService, PrepaidSetup, ReleaseRun, SalesDocument, ServiceCommitment
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid.contracting import D, agree, at, billed, make_budget, make_hours
from tests.prepaid.selling import use


@dataclass
class Contracts:
    """What was made. `year`: 1,000.00 for the twelve months of 2026, billed on 2 January, its February released twice;
    `quarter`: 250.00 pounds for 15 January to 14 April, what waited of it credited on 5 March; `half`: 600.00 for January
    to June, all of it credited on 5 March; `ahead` and `taken`: 300.00 for April, billed on 10 March, the second credited
    two days later; `cents`: 0.02 for January to April cut by equal months, credited on 2 April; `free`: an hour of April
    for nothing."""

    budget: PrepaidService
    hours: PrepaidService
    year: ContractDeferral
    quarter: ContractDeferral
    half: ContractDeferral
    ahead: ContractDeferral
    taken: ContractDeferral
    cents: ContractDeferral
    free: ServiceCommitment
    undone: ReleaseRun


def contracts(*, actor) -> Contracts:
    """The events, each on its day, from 2 January to 2 April 2026."""
    builders.make_rate("GBP", "1.2711")
    home, abroad = builders.make_account(), builders.make_account("Quay & Co.", currency="GBP")
    budget, hours = make_budget(home, actor=actor), make_hours(abroad, "2M+CM", actor=actor)
    single = {"quantity": "1", "actor": actor}
    yearly = {"base_period": "1Y", "rhythm": "1Y"}
    quarterly = {"base_period": "1Q", "rhythm": "1Q"}
    year = agree(home, starts_on=D(2026, 1, 1), price="1000.00", service=budget, **yearly, **single)
    quarter = agree(
        abroad, starts_on=D(2026, 1, 15), price="250.00", service=hours, per_period="10", **quarterly, **single
    )
    half = agree(home, starts_on=D(2026, 1, 1), price="600.00", base_period="6M", rhythm="6M", **single)
    ahead, taken = (agree(home, starts_on=D(2026, 4, 1), price="300.00", service=budget, **single) for _ in range(2))
    cents = agree(home, starts_on=D(2026, 1, 1), price="0.02", base_period="4M", rhythm="4M", **single)
    free = agree(abroad, starts_on=D(2026, 4, 1), price="0.00", service=hours, **single)
    with at(D(2026, 1, 2)):
        billed(D(2026, 1, 2), year, actor=actor)
        PrepaidSetup.objects.update(by_equal_months=True)
        billed(D(2026, 1, 2), cents, actor=actor)
        PrepaidSetup.objects.update(by_equal_months=False)
        (of_half,) = billed(D(2026, 1, 2), half, actor=actor)
    with at(D(2026, 1, 15)):
        (of_quarter,) = billed(D(2026, 1, 15), quarter, actor=actor)
        use(budget, "400.00", on=D(2026, 1, 15), actor=actor)
    with at(D(2026, 1, 31)):
        release_deferrals(actor=actor)
    with at(D(2026, 2, 28)):
        undone = release_deferrals(actor=actor).run
        undo_release(undone, reason="Too early", actor=actor)
        release_deferrals(actor=actor)
    with at(D(2026, 3, 5)):
        credit(of_quarter, "future", actor=actor)
        credit(of_half, "everything", actor=actor)
    with at(D(2026, 3, 10)):
        billed(D(2026, 4, 1), ahead, free, actor=actor, posted_on=D(2026, 3, 10))
        (of_taken,) = billed(D(2026, 4, 1), taken, actor=actor, posted_on=D(2026, 3, 10))
    with at(D(2026, 3, 12)):
        credit(of_taken, "everything", actor=actor)
    with at(D(2026, 3, 31)):
        release_deferrals(actor=actor)
    with at(D(2026, 4, 2)):
        credit(SalesDocument.objects.get(lines__deferral__commitment=cents), "everything", actor=actor)
    deferrals = (each.deferrals.get() for each in (year, quarter, half, ahead, taken, cents))
    return Contracts(budget, hours, *deferrals, free, undone)


def credit(invoice: SalesDocument, scope: str, *, actor) -> SalesDocument:
    return post_document(create_credit_memo(invoice, scope=scope, reason="Agreed", actor=actor), actor=actor)


def parts(deferral: ContractDeferral) -> list[Decimal]:
    return [part.amount for part in deferral.lines.all()]
