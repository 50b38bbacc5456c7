from opportunities.models.accounts import Account
from opportunities.models.opportunities import Opportunity, OpportunityLine
from opportunities.models.products import Product
from opportunities.models.projects import Project

__all__ = ["Account", "Opportunity", "OpportunityLine", "Product", "Project"]
