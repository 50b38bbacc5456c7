from opportunities.filters.accounts import AccountFilter
from opportunities.filters.opportunities import OpportunityFilter
from opportunities.filters.products import ProductFilter
from opportunities.filters.projects import ProjectFilter

__all__ = ["AccountFilter", "OpportunityFilter", "ProductFilter", "ProjectFilter"]
