"""The numbers of accounts, opportunities and projects."""

from django.db.models import Model

from ledger.services import numbers
from ledger.services.numbers import Series
from opportunities.models import Account, Opportunity, Project

SERIES: dict[type[Model], Series] = {
    Account: Series("ACC", "ACC-", "Accounts", digits=5),
    Opportunity: Series("OPP", "OPP-", "Opportunities", digits=5),
    Project: Series("PRJ", "PRJ-", "Projects", digits=5),
}


def free_number(model: type[Model]) -> str:
    """The next number of the model's series that no record has."""
    return numbers.free_number(SERIES[model], model)
