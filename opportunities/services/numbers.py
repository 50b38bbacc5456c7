"""The numbers of accounts, opportunities and projects."""

from django.db.models import Model

from ledger.services.numbers import ensure_series, next_number
from opportunities.models import Account, Opportunity, Project

SERIES: dict[type[Model], tuple[str, str]] = {
    Account: ("ACC", "Accounts"),
    Opportunity: ("OPP", "Opportunities"),
    Project: ("PRJ", "Projects"),
}


def ensure_number_series() -> None:
    """Makes the series that a new company lacks; existing ones keep their count."""
    for code, description in SERIES.values():
        ensure_series(code, prefix=f"{code}-", description=description, digits=5)


def free_number(model: type[Model]) -> str:
    """The next number of the model's series that no import has used."""
    code, description = SERIES[model]
    ensure_series(code, prefix=f"{code}-", description=description, digits=5)
    while model._default_manager.filter(number=(number := next_number(code))).exists():
        pass
    return number
