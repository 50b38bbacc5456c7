from opportunities.tables.accounts import AccountTable
from opportunities.tables.opportunities import OpportunityTable
from opportunities.tables.products import ProductTable
from opportunities.tables.projects import ProjectTable

__all__ = ["AccountTable", "OpportunityTable", "ProductTable", "ProjectTable"]
