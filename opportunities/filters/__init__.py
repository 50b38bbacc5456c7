from opportunities.filters.accounts import AccountFilter, ByNumberOrName, OfAccount
from opportunities.filters.opportunities import OpportunityFilter
from opportunities.filters.products import ProductFilter
from opportunities.filters.projects import ProjectFilter

__all__ = ["AccountFilter", "ByNumberOrName", "OfAccount", "OpportunityFilter", "ProductFilter", "ProjectFilter"]
